/** What `ProgramRunner` and its thread say to each other. */

export interface ProgramRun {
  readonly program: string;
  readonly args: readonly string[];
  /** Written to its standard input, which is then closed. */
  readonly input: string;
  /** It is killed when it is not done after this. */
  readonly deadlineMs: number;
}

export type ProgramMessage =
  | { readonly type: 'run'; readonly id: number; readonly run: ProgramRun }
  | { readonly type: 'kill'; readonly id: number }
  | { readonly type: 'close' };

export type ProgramFailure = 'missing' | 'failed' | 'timed_out';

export type ProgramAnswer =
  | { readonly type: 'output'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly type: 'done'; readonly id: number }
  | { readonly type: 'failed'; readonly id: number; readonly reason: ProgramFailure; readonly detail: string };
