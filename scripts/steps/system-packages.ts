import { installCommand, installPackages, missingPackages } from '../apt.ts';
import type { DebianPackage } from '../debian-packages.ts';
import type { Place } from '../place.ts';
import type { Step } from '../step.ts';

export function systemPackages({ root }: Place, packages: readonly DebianPackage[], name = 'system-packages'): Step {
  const names = packages.map((item) => item.name);
  return {
    name,
    title: 'System packages',
    isDone: async () => (await missingPackages(names)).length === 0,
    run: (context) => installPackages(names, root, context),
    remedy: () => installCommand(names),
  };
}
