/**
 * The panel's pages beside its tables. Plain data, because the server and the browser both read it: the server refuses a page
 * to whoever may not see it, the menu does not show it. A page is a component of the same name in `components/`, added
 * to `components.ts`; its title is `pages.<name>` of the locales.
 */
export interface PanelPage {
  readonly name: string;
  readonly component: string;
  /** Of Feather. */
  readonly icon: string;
  readonly roles: readonly ('admin' | 'support' | 'analyst')[];
}

export const PANEL_PAGES: readonly PanelPage[] = [
  { name: 'analytics', component: 'Analytics', icon: 'BarChart2', roles: ['admin', 'support', 'analyst'] },
  { name: 'latency', component: 'Latency', icon: 'Clock', roles: ['admin', 'support', 'analyst'] },
  { name: 'live', component: 'Live', icon: 'Radio', roles: ['admin', 'support'] },
  { name: 'rules', component: 'SystemRules', icon: 'BookOpen', roles: ['admin', 'support'] },
  { name: 'jobs', component: 'Jobs', icon: 'Layers', roles: ['admin'] },
  { name: 'settings', component: 'Settings', icon: 'Settings', roles: ['admin'] },
];
