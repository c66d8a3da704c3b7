import path from 'node:path';
import { ComponentLoader } from 'adminjs';

/** Our components by the name under which AdminJS finds them; the file has the name in kebab case. */
const OWN = [
  'ActionForm',
  'Analytics',
  'AuditShow',
  'CallShow',
  'Dashboard',
  'Jobs',
  'Latency',
  'Live',
  'Settings',
  'SystemRules',
] as const;
/** In the place of AdminJS's own. */
const INSTEAD = [
  'Application',
  'Breadcrumbs',
  'DefaultBooleanFilterProperty',
  'DefaultDatetimeFilterProperty',
  'DefaultDatetimeListProperty',
  'DefaultDatetimeShowProperty',
  'DefaultEditProperty',
  'DefaultFilterProperty',
  'DefaultPropertyValue',
  'DefaultReferenceFilterProperty',
  'DefaultReferenceValue',
  'Login',
  'NoRecords',
  'SidebarBranding',
  'SidebarPages',
  'SidebarResourceSection',
  'TopBar',
] as const;

/** Every component of the panel. A new one is a file in this folder and a name above. */
export function panelComponents(): ComponentLoader {
  const loader = new ComponentLoader();
  for (const name of OWN) loader.add(name, fileOf(name));
  for (const name of INSTEAD) loader.override(name, fileOf(name));
  return loader;
}

function fileOf(name: string): string {
  const kebab = name.replaceAll(/(?<!^)[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
  return path.join(import.meta.dirname, 'components', `${kebab}.tsx`);
}
