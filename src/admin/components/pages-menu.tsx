import { Navigation } from '@adminjs/design-system';
import { useTranslation } from 'adminjs';
import React from 'react';
import { useLocation, useNavigate } from 'react-router';
import { PANEL_PAGES } from '../pages/list.ts';
import { useRole } from './figures/role.ts';

const BOARD = '/admin/queues';

/** The first page, and the others that whoever is signed in may see. */
export default function PagesMenu() {
  const { translateComponent, translateLabel, translatePage } = useTranslation();
  const role = useRole();
  const { pathname } = useLocation();
  const navigate = useNavigate();
  const pages = PANEL_PAGES.filter(({ roles }) => roles.some((allowed) => allowed === role));
  const elements = [
    { id: 'dashboard', label: translateComponent('Dashboard.title'), icon: 'Home', href: '/admin' },
    ...pages.map(({ name, icon }) => ({ id: name, label: translatePage(name), icon, href: `/admin/pages/${name}` })),
  ].map(({ id, label, icon, href }) => ({
    id,
    label,
    icon,
    href,
    isSelected: pathname === href,
    onClick: (event: React.SyntheticEvent) => {
      event.preventDefault();
      navigate(href);
    },
  }));
  // A page of its own, which the panel's router does not know.
  const board = { id: 'board', label: translateLabel('board'), icon: 'ExternalLink', href: BOARD };
  return <Navigation label={translateLabel('pages')} elements={role === 'admin' ? [...elements, board] : elements} />;
}
