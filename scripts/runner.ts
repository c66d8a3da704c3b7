import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { CommandFailed, runCommand } from './command.ts';
import type { Output } from './progress.ts';
import { Progress } from './progress.ts';
import { lockSetup } from './setup-lock.ts';
import type { Step } from './step.ts';

export interface RunnerOptions {
  /** `.local/`: holds the lock and, in `log/`, what each step's programs printed. */
  readonly local: string;
  readonly output: Output;
  readonly signal: AbortSignal;
  /** What the person typed, to be typed again: `./ailingva up`. */
  readonly again: string;
}

/** A step that did not reach its end: what, why, and what to type next. */
export class StepFailed extends Error {
  readonly step: string;

  constructor(step: Step, cause: unknown, logFile: string, again: string) {
    const lines = cause instanceof CommandFailed ? cause.lastLines.map((line) => `  | ${line}\n`).join('') : '';
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(`${step.title}: ${reason}\n${lines}  Log: ${logFile}\nNext: ${step.remedy()} && ${again}`, { cause });
    this.name = 'StepFailed';
    this.step = step.name;
  }
}

const LOCK_TIMEOUT_MS = 30 * 60_000;

/**
 * Runs the steps that are not done, in order. A step may rely on those before it.
 * @returns how many had to be run
 * @throws StepFailed at the first that fails; the abort reason when `signal` is aborted
 */
export async function runSteps(steps: readonly Step[], options: RunnerOptions): Promise<number> {
  const { local, output, signal, again } = options;
  let unlock: (() => Promise<void>) | undefined;
  let run = 0;
  try {
    for (const step of steps) {
      if (await step.isDone()) continue;
      unlock ??= await lockSetup(path.join(local, 'setup.lock'), {
        onWait: (holder) => output.write(`▸ another set-up (process ${holder}) is at work here: waiting for it\n`),
        timeoutMs: LOCK_TIMEOUT_MS,
        signal,
      });
      // The one that was waited for may have done it.
      if (await step.isDone()) continue;
      await runStep(step, options, again);
      run += 1;
    }
  } finally {
    await unlock?.();
  }
  return run;
}

async function runStep(step: Step, { local, output, signal }: RunnerOptions, again: string): Promise<void> {
  const logFile = path.join(local, 'log', `setup-${step.name}.log`);
  const progress = new Progress(output, step.title);
  await mkdir(path.dirname(logFile), { recursive: true });
  await writeFile(logFile, '');
  progress.start();
  try {
    await step.run({
      logFile,
      signal,
      progress: (text) => progress.say(text),
      command: (program, args, command) => runCommand(program, args, { ...command, logFile, signal }),
    });
    if (!(await step.isDone())) throw new Error('it ended well, and yet what it should bring is not there');
    progress.done();
  } catch (error) {
    progress.failed();
    signal.throwIfAborted();
    throw new StepFailed(step, error, logFile, again);
  }
}
