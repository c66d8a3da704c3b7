import { z } from 'zod';
import { arrangeCalls, callProblems, callVariables } from './config/calls.ts';
import { arrangeEngines, engineProblems, engineVariables } from './config/engines.ts';
import { arrangeMail, mailProblems, mailVariables } from './config/mail.ts';
import { arrangePayments, paymentProblems, paymentVariables } from './config/payments.ts';
import { arrangeRecordings, recordingProblems, recordingVariables } from './config/recordings.ts';
import { arrangeStores, storeProblems, storeVariables } from './config/stores.ts';
import { folder, missing, type Basics, type Problem } from './config/values.ts';
import { arrangeWeb, webProblems, webVariables } from './config/web.ts';
import { AppError } from './errors.ts';

export { PROJECT_ROOT } from './config/values.ts';

/**
 * The environment, read once at start. Nothing else in the house reads `process.env`. Each file in `config/` says of one
 * part of the house which variables there are, which contradict each other, and what becomes of them.
 * An empty variable is the same as one that is not set, so that `.env` files may keep names without values.
 */
export type Environment = Readonly<Record<string, string | undefined>>;

const variables = z.object({
  NODE_ENV: z.enum(['development', 'test', 'production']).default('development'),
  DATA_DIR: folder.prefault('.local'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  LOG_FORMAT: z.enum(['pretty', 'json']).optional(),
  ...webVariables,
  ...storeVariables,
  ...callVariables,
  ...engineVariables,
  ...recordingVariables,
  ...mailVariables,
  ...paymentVariables,
});

/** The name of every variable that is understood. */
export const VARIABLE_NAMES: readonly string[] = Object.keys(variables.shape);

export type Config = ReturnType<typeof arrange>;
/** What a process that serves needs on top: `up` fills both in, elsewhere the environment must. */
export type ServiceConfig = Config & { readonly databaseUrl: string; readonly tokenSecret: string };

/** @throws AppError `config_invalid`, naming every variable that is wrong. Values are never repeated: they may be secrets. */
export function loadConfig(environment: Environment): Config {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value.trim() !== ''),
  );
  const parsed = variables.safeParse(given);
  if (!parsed.success) {
    throw invalid(parsed.error.issues.map(({ path, message }) => ({ variable: path.join('.'), problem: message })));
  }
  const problems = contradictions(parsed.data);
  if (problems.length > 0) throw invalid(problems);
  return arrange(parsed.data);
}

/**
 * For `web`, `media` and `jobs`, which can work neither without a database nor without the key that signs tokens.
 * @throws AppError `config_invalid`
 */
export function loadServiceConfig(environment: Environment): ServiceConfig {
  const config = loadConfig(environment);
  const { databaseUrl, tokenSecret } = config;
  if (databaseUrl === undefined || tokenSecret === undefined) {
    const given = { DATABASE_URL: databaseUrl, TOKEN_SECRET: tokenSecret };
    throw invalid(missing(given, ['DATABASE_URL', 'TOKEN_SECRET'], 'for a process that serves'));
  }
  return { ...config, databaseUrl, tokenSecret };
}

type Variables = z.output<typeof variables>;

function basicsOf({ NODE_ENV, DATA_DIR }: Variables): Basics {
  return { production: NODE_ENV === 'production', dataDir: DATA_DIR };
}

function contradictions(v: Variables): Problem[] {
  const basics = basicsOf(v);
  return [
    ...storeProblems(v, basics),
    ...webProblems(v, basics),
    ...callProblems(v),
    ...mailProblems(v),
    ...paymentProblems(v, basics),
    ...engineProblems(v),
    ...recordingProblems(v),
  ];
}

function arrange(v: Variables) {
  const basics = basicsOf(v);
  const { production, dataDir } = basics;
  return {
    environment: v.NODE_ENV,
    production,
    /** Absolute. Everything that is written at run time stands in it. */
    dataDir,
    log: { level: v.LOG_LEVEL, pretty: v.LOG_FORMAT === undefined ? !production : v.LOG_FORMAT === 'pretty' },
    ...arrangeWeb(v, basics),
    ...arrangeStores(v),
    ...arrangeCalls(v, basics),
    ...arrangeEngines(v),
    ...arrangeRecordings(v, basics),
    ...arrangeMail(v, basics),
    ...arrangePayments(v, basics),
  };
}

function invalid(problems: readonly Problem[]): AppError {
  const lines = problems.map(({ variable, problem }) => `  ${variable}: ${problem}`);
  return new AppError({
    code: 'config_invalid',
    kind: 'invalid',
    message: `The configuration is wrong:\n${lines.join('\n')}\nSet them right in the environment or in .env; .env.example tells what each one means.`,
    details: { errors: problems },
  });
}
