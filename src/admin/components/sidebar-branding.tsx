import React from 'react';
import { Link } from 'react-router-dom';
import { Logo } from './look/logo.tsx';

/** Above the menu, the way to the first page. */
export default function SidebarBranding() {
  return (
    <Link className="vl-logo" to="/admin" data-css="sidebar-logo">
      <Logo height={34} />
    </Link>
  );
}
