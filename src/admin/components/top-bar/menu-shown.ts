import { useSyncExternalStore } from 'react';

/** Of the element with the menu, for what names it. */
export const MENU_ID = 'panel-menu';

/** The menu is in sight where the page is too narrow for both. AdminJS keeps that to itself: its element's class tells. */
export function useMenuShown(): boolean {
  return useSyncExternalStore(subscribe, isShown);
}

function isShown(): boolean {
  return findMenu()?.classList.contains('visible') ?? false;
}

function subscribe(onChange: () => void): () => void {
  const menu = findMenu();
  if (!menu) return () => undefined;
  menu.id = MENU_ID;
  const observer = new MutationObserver(onChange);
  observer.observe(menu, { attributeFilter: ['class'] });
  return () => observer.disconnect();
}

function findMenu(): Element | null {
  return document.querySelector('[data-css=sidebar]');
}
