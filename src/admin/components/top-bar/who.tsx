import { Icon } from '@adminjs/design-system';
import { useTranslation } from 'adminjs';
import React from 'react';
import { Toggles } from '../figures/parts.tsx';
import { chooseLook, useLook, type Look } from '../look/scheme.ts';

const LOOKS: readonly Look[] = ['system', 'light', 'dark'];
const WAYS_OUT = [
  { name: 'logout', action: '/admin/logout', icon: 'LogOut' },
  { name: 'logoutEverywhere', action: '/admin/logout-everywhere', icon: 'Slash' },
];
const MENU = 'tb-own-menu';

interface WhoProps {
  readonly email: string;
  readonly role: string;
}

/** Who is signed in, and behind it the light or the dark and the ways out: both are posts, which no other site can make a browser send. */
export function Who({ email, role }: WhoProps) {
  const { translateButton, translateLabel } = useTranslation();
  const look = useLook();
  const name = (
    <span className="tb-name">
      {email}
      <small>{translateLabel(`role.${role}`, 'users')}</small>
    </span>
  );
  // React's types do not know the attributes of what pops over.
  return (
    <div data-css="logged-in">
      <button type="button" className="tb-who" aria-label={email} {...{ popovertarget: MENU }}>
        {name}
        <span className="tb-letter" aria-hidden="true">
          {email.slice(0, 1).toUpperCase()}
        </span>
      </button>
      <div id={MENU} className="tb-menu" {...{ popover: 'auto' }}>
        {name}
        <Toggles
          label={translateButton('looks')}
          value={look}
          options={LOOKS.map((value) => ({ value, label: translateButton(`look.${value}`) }))}
          onChange={chooseLook}
        />
        {WAYS_OUT.map((way) => (
          <form key={way.name} method="post" action={way.action}>
            <button type="submit">
              <Icon icon={way.icon} />
              {translateButton(way.name)}
            </button>
          </form>
        ))}
      </div>
    </div>
  );
}
