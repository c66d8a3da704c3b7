import type { CommandOptions } from './command.ts';

/**
 * One step of the set-up. It can be repeated (done, it costs milliseconds) and interrupted at any point (it builds aside
 * and renames at the end).
 */
export interface Step {
  /** As typed after `./ailingva setup`, and in the log's name. */
  readonly name: string;
  /** What it brings, for a person. */
  readonly title: string;
  /** Fast: it is asked at every start. */
  isDone(): Promise<boolean>;
  run(context: StepContext): Promise<void>;
  /** What to type when it failed, before trying again. */
  remedy(): string;
}

export interface StepContext {
  readonly logFile: string;
  readonly signal: AbortSignal;
  /** Says how far the step is, in a few words. */
  readonly progress: (text: string) => void;
  /** Runs a program, its output going to the step's log. @throws CommandFailed */
  readonly command: (program: string, args: readonly string[], options: StepCommandOptions) => Promise<void>;
}

export type StepCommandOptions = Pick<CommandOptions, 'cwd' | 'environment' | 'onLine' | 'hopeless' | 'timeoutMs'>;
