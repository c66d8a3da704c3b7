import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';

export interface CommandOptions {
  readonly cwd: string;
  readonly environment?: NodeJS.ProcessEnv;
  /** Everything the program prints is added to this file. */
  readonly logFile: string;
  /** Called with each line, of both outputs. */
  readonly onLine?: (line: string) => void;
  /** A line like this says that going on is in vain: the program is ended, and has failed. */
  readonly hopeless?: RegExp;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** A program that could not be started, answered anything but 0, or took too long. */
export class CommandFailed extends Error {
  readonly lastLines: readonly string[];

  constructor(message: string, lastLines: readonly string[]) {
    super(message);
    this.name = 'CommandFailed';
    this.lastLines = lastLines;
  }
}

/** A stack trace is long, and what went wrong stands above it. */
const LINES_KEPT = 25;

/**
 * Runs a program to its end and keeps what it prints in a log.
 * @throws CommandFailed with the last lines, which nearly always hold the cause.
 */
export async function runCommand(program: string, args: readonly string[], options: CommandOptions): Promise<void> {
  const { cwd, environment = process.env, logFile, onLine, hopeless, timeoutMs, signal } = options;
  const lastLines: string[] = [];
  const log = createWriteStream(logFile, { flags: 'a' });
  log.write(`$ ${[program, ...args].join(' ')}\n`);

  const deadline = AbortSignal.timeout(timeoutMs);
  const inVain = new AbortController();
  const child = spawn(program, args, {
    cwd,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: AbortSignal.any([signal, deadline, inVain.signal]),
  });
  const failed = new Promise<Error | undefined>((resolve) => {
    child.once('error', resolve);
    child.once('close', () => resolve(undefined));
  });
  const read = async (stream: NodeJS.ReadableStream): Promise<void> => {
    for await (const line of createInterface({ input: stream })) {
      log.write(`${line}\n`);
      lastLines.push(line);
      if (lastLines.length > LINES_KEPT) lastLines.shift();
      onLine?.(line);
      if (hopeless?.test(line) === true) inVain.abort();
    }
  };
  const [error] = await Promise.all([failed, read(child.stdout), read(child.stderr)]);
  log.end();
  await once(log, 'close');

  signal.throwIfAborted();
  const name = [program, ...args.slice(0, 1)].map((word) => path.basename(word)).join(' ');
  if (deadline.aborted) throw new CommandFailed(`${name} took longer than ${timeoutMs / 1000} s`, lastLines);
  if (inVain.signal.aborted) throw new CommandFailed(`${name} could not go on`, lastLines);
  if (error !== undefined) throw new CommandFailed(`${name} could not be started: ${error.message}`, lastLines);
  if (child.exitCode !== 0) {
    const end = child.signalCode === null ? `answered ${child.exitCode}` : `was ended by ${child.signalCode}`;
    throw new CommandFailed(`${name} ${end}`, lastLines);
  }
}

/** Whether a program of this name can be found on the PATH. */
export async function programExists(name: string, cwd: string): Promise<boolean> {
  const child = spawn('sh', ['-c', 'command -v -- "$1"', 'sh', name], { cwd, stdio: 'ignore' });
  await once(child, 'close');
  return child.exitCode === 0;
}
