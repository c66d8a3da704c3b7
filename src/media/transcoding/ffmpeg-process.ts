import { PassThrough, type Readable } from 'node:stream';
import ffmpeg from 'fluent-ffmpeg';

/** The only file that knows fluent-ffmpeg (its maintainers have archived it). */

export interface FfmpegOptions {
  /** A name on the PATH, or a path. */
  readonly ffmpegBin: string;
  /** Before and after `-i pipe:0`, between spaces. Constants and numbers of ours: nothing that was sent may stand in them. */
  readonly input: string;
  readonly output: string;
  readonly limits: { readonly cpuSeconds: number; readonly memoryBytes: number };
}

/** How a process ended. */
export type FfmpegEnd =
  | { readonly type: 'done' }
  /** It could not be started. */
  | { readonly type: 'missing'; readonly cause: unknown }
  /** By a limit of the system's, or by our hand. */
  | { readonly type: 'killed'; readonly signal: string }
  | { readonly type: 'failed'; readonly cause: unknown; readonly trackMissing: boolean; readonly memory: boolean };

export interface FfmpegProcess {
  /** Resolves when there is room for more; at once when the process is gone. */
  write(bytes: Uint8Array): Promise<void>;
  endInput(): void;
  readonly output: Readable;
  /** Settled when the process is gone; its output may still have to be read. Never rejects. */
  readonly ended: Promise<FfmpegEnd>;
  /** At once and for certain: nothing of it is worth saving. Idempotent. */
  kill(): void;
}

/** Small enough that what is killed has not swallowed much, large enough for a second of speech. */
const PIPE_BYTES = 64 * 1024;
const STDERR_LINES = 20;

/** prlimit's, setpriv's and the shell's answer to a program that is not there or cannot be run. */
const EXIT_NOT_RUN = /exited with code 12[67]\b/;

/** ffmpeg is not asked anew what it can do before each start: that is two more processes. */
class Command extends (ffmpeg as unknown as typeof ffmpeg.FfmpegCommand) {
  override availableFormats(answer: ffmpeg.FormatsCallback): void {
    answer(null as unknown as Error, everything({ description: '', canDemux: true, canMux: true }));
  }

  override availableEncoders(answer: ffmpeg.EncodersCallback): void {
    answer(null as unknown as Error, {});
  }
}

/**
 * One ffmpeg between two pipes, with one thread: no shell, no files (it may not write any), no network, no protocol but
 * the pipe, no terminal; processor time and memory are limited by the kernel.
 */
export function startFfmpeg({ ffmpegBin, input, output, limits }: FfmpegOptions): FfmpegProcess {
  const stdin = new PassThrough({ highWaterMark: PIPE_BYTES });
  // Its `close` would have the process ended by SIGTERM before it could end by itself.
  const stdout = new PassThrough({ highWaterMark: PIPE_BYTES, emitClose: false });
  const { promise: ended, resolve } = Promise.withResolvers<FfmpegEnd>();
  let gone = false;
  let killed = false;
  const settle = (end: FfmpegEnd): void => {
    gone = true;
    stdin.destroy();
    // What runs ends its output itself, after the last that it wrote has been read.
    if (end.type === 'missing') stdout.end();
    resolve(end);
  };

  const command = new Command({ stdoutLines: STDERR_LINES });
  // The library keeps one path for the whole process. prlimit sets the limits and then becomes setpriv, which becomes ffmpeg.
  command.setFfmpegPath('prlimit');
  command
    .input(stdin)
    .inputOptions([
      `--cpu=${limits.cpuSeconds}`,
      `--data=${limits.memoryBytes}`,
      '--fsize=0',
      '--core=0',
      '--nofile=64',
      // Without us it has nothing to do, however busy it is: whoever kills this process ends it too.
      'setpriv',
      '--pdeathsig=KILL',
      ffmpegBin,
      ...`-nostdin -hide_banner -loglevel error -protocol_whitelist pipe -threads 1 ${input}`.split(' '),
    ])
    .output(stdout)
    .outputOptions(`-threads 1 -flush_packets 1 ${output}`.split(' '))
    .on('start', () => {
      if (killed) command.kill('SIGKILL');
    })
    .on('end', () => settle({ type: 'done' }))
    .on('error', (error: Error, _output: string | null, stderr: string | null) => settle(explain(error, stderr ?? '')));
  stdin.on('error', ignore);
  stdout.on('error', ignore);
  command.run();

  return {
    output: stdout,
    ended,
    async write(bytes) {
      if (gone || stdin.writableEnded || stdin.write(bytes)) return;
      const { promise: drained, resolve: go } = Promise.withResolvers<void>();
      stdin.once('drain', go);
      await Promise.race([drained, ended]);
      stdin.off('drain', go);
    },
    endInput() {
      if (!gone) stdin.end();
    },
    kill() {
      if (gone || killed) return;
      killed = true;
      command.kill('SIGKILL');
    },
  };
}

function explain(error: Error, stderr: string): FfmpegEnd {
  const signal = /killed with signal (\w+)/.exec(error.message)?.[1];
  if (signal !== undefined) return { type: 'killed', signal };
  if (!error.message.includes('exited with code') || EXIT_NOT_RUN.test(error.message)) {
    return { type: 'missing', cause: error };
  }
  return {
    type: 'failed',
    cause: error,
    trackMissing: stderr.includes('matches no streams') || stderr.includes('does not contain any stream'),
    memory: stderr.includes('Cannot allocate memory'),
  };
}

function everything<Value>(value: Value): Record<string, Value> {
  return new Proxy<Record<string, Value>>({}, { has: () => true, get: () => value });
}

function ignore(): void {
  // What breaks a pipe is the end of the process, which is told by its own event.
}
