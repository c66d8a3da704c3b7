import { pino, type Logger as PinoLogger } from 'pino';

export type Logger = PinoLogger;

export interface LogOptions {
  readonly level: string;
  /** The process type: `web`, `media`, `jobs`, `up`. */
  readonly process: string;
  /** Readable lines instead of JSON; for a terminal. */
  readonly pretty?: boolean;
}

/**
 * Static messages, data in fields. Personal data stands under `pii` and is removed here,
 * as are fields that ever carry a secret.
 */
export function createLogger({ level, process: processName, pretty = false }: LogOptions): Logger {
  return pino({
    level,
    base: { process: processName },
    serializers: { err: describeError },
    redact: {
      paths: ['pii', '*.pii', 'token', '*.token', 'password', '*.password', '*.authorization', '*.cookie'],
      censor: '[removed]',
    },
    ...(pretty && {
      transport: {
        target: 'pino-pretty',
        options: {
          colorize: process.stdout.isTTY,
          ignore: 'pid,hostname,process',
          messageFormat: '{process}: {msg}',
        },
      },
    }),
  });
}

/** What an error may tell the log. A database's `detail` and `where` repeat the row that was refused: they stay out. */
export function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return { message: String(error) };
  const { code, constraint } = error as { readonly code?: unknown; readonly constraint?: unknown };
  return {
    type: error.name,
    message: error.message,
    stack: error.stack,
    ...(code !== undefined && { code }),
    ...(constraint !== undefined && { constraint }),
    ...(error.cause !== undefined && { cause: describeError(error.cause) }),
  };
}

/** A logger that says nothing; for tests and for benchmarks. */
export function createSilentLogger(): Logger {
  return pino({ level: 'silent' });
}
