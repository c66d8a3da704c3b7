import { Icon } from '@adminjs/design-system';
import { useTranslation } from 'adminjs';
import React from 'react';
import { useSelector } from 'react-redux';
import { MENU_ID, useMenuShown } from './top-bar/menu-shown.ts';
import { Who } from './top-bar/who.tsx';

interface Session {
  readonly email: string;
  readonly role: string;
}

/** Above every page: the menu where it is hidden, the language, and who is signed in. AdminJS's own does not know the keyboard. */
export default function TopBar({ toggleSidebar }: { readonly toggleSidebar: () => void }) {
  const { i18n, translateButton, translateComponent } = useTranslation();
  const menuShown = useMenuShown();
  const session = useSelector((state: { readonly session: Session | null }) => state.session);
  const languages = [i18n.options.supportedLngs || []].flat().filter((name) => name !== 'cimode');
  return (
    <header className="tb-bar" data-css="topbar">
      <button
        type="button"
        className="tb-sidebar"
        aria-label={translateButton('menu')}
        aria-controls={MENU_ID}
        aria-expanded={menuShown}
        onClick={toggleSidebar}
      >
        <Icon icon="Menu" size={24} />
      </button>
      <label className="tb-language">
        <Icon icon="Globe" />
        <select
          aria-label={translateButton('language')}
          value={i18n.language}
          onChange={(event) => void i18n.changeLanguage(event.target.value)}
        >
          {languages.map((name) => (
            <option key={name} value={name}>
              {translateComponent(`LanguageSelector.availableLanguages.${name}`)}
            </option>
          ))}
        </select>
      </label>
      {session && <Who {...session} />}
    </header>
  );
}
