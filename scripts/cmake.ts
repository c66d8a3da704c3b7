import { mkdir } from 'node:fs/promises';
import type { StepContext } from './step.ts';

/** The worker takes a minute and a half on two cores; a small shared machine may need ten times that. */
const BUILD_TIMEOUT_MS = 30 * 60_000;

export interface CmakeProject {
  readonly root: string;
  /** The folder with CMakeLists.txt. */
  readonly source: string;
  /** What an interrupted build left there is used again. */
  readonly build: string;
  readonly definitions?: Readonly<Record<string, string>>;
}

/** Configures and builds a folder of native/. @throws CommandFailed with the compiler's words */
export async function buildWithCmake(project: CmakeProject, context: StepContext): Promise<void> {
  const { root, source, build, definitions = {} } = project;
  await mkdir(build, { recursive: true });
  context.progress('configuring');
  await context.command(
    'cmake',
    [
      '-G',
      'Ninja',
      '-S',
      source,
      '-B',
      build,
      '-DCMAKE_BUILD_TYPE=Release',
      ...Object.entries(definitions).map(([name, value]) => `-D${name}=${value}`),
    ],
    { cwd: root, timeoutMs: BUILD_TIMEOUT_MS },
  );
  await context.command('cmake', ['--build', build], {
    cwd: root,
    timeoutMs: BUILD_TIMEOUT_MS,
    // Ninja says "[23/105] Building CXX object …".
    onLine: (line) => {
      const step = /^\[(\d+)\/(\d+)\]/.exec(line);
      if (step !== null) context.progress(`compiling, ${step[1]} of ${step[2]}`);
    },
  });
}
