import { Navigation } from '@adminjs/design-system';
import { useTranslation } from 'adminjs';
import React from 'react';
import { useSelector } from 'react-redux';
import { useLocation, useNavigate } from 'react-router';
import { PANEL_PAGES } from '../pages/list.ts';

interface State {
  readonly session: { readonly role: string };
}

/** The pages that whoever is signed in may see. */
export default function SidebarPages() {
  const { translateLabel, translatePage } = useTranslation();
  const role = useSelector((state: State) => state.session.role);
  const { pathname } = useLocation();
  const navigate = useNavigate();
  const pages = PANEL_PAGES.filter(({ roles }) => roles.some((allowed) => allowed === role));
  if (pages.length === 0) return null;
  const elements = pages.map(({ name, icon }) => {
    const href = `/admin/pages/${name}`;
    return {
      id: name,
      label: translatePage(name),
      icon,
      href,
      isSelected: pathname === href,
      onClick: (event: React.SyntheticEvent) => {
        event.preventDefault();
        navigate(href);
      },
    };
  });
  return <Navigation label={translateLabel('pages')} elements={elements} />;
}
