import { hostname } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { AppError } from './errors.ts';

/**
 * The environment, read once at start. Nothing else in the house reads `process.env`.
 * An empty variable is the same as one that is not set, so that `.env` files may keep names without values.
 */

/** The checkout: relative paths in variables count from here, wherever the command was run. */
export const PROJECT_ROOT = path.resolve(import.meta.dirname, '../..');

export type Environment = Readonly<Record<string, string | undefined>>;

const port = z.coerce.number('must be a port number').int('must be a port number').min(0).max(65_535);
const count = (least: number, most: number) =>
  z.coerce.number('must be a whole number').int('must be a whole number').min(least).max(most);
const folder = z.string().transform((value) => path.resolve(PROJECT_ROOT, value));
const webAddress = z
  .url({ protocol: /^https?$/, error: 'must be an http(s) address' })
  .transform((value) => value.replace(/\/+$/, ''));
/** Spoken to over TLS, but for a server on this machine: a key must not travel readable. */
const grpcAddress = z
  .string()
  .regex(
    /^(http:\/\/(localhost|127(\.\d{1,3}){3}|\[::1\]):\d{1,5}|(https:\/\/)?[a-z0-9.-]+(:\d{1,5})?)$/i,
    'must be host:port, or http://127.0.0.1:port on this machine',
  );
/** Engines register themselves by name; which names there are is the speech room's to know. */
const engineName = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be an engine name such as "local"');
/** Several between commas: the first is asked first. */
const engineNames = z
  .string()
  .regex(/^ *[a-z][a-z0-9-]{0,31}( *, *[a-z][a-z0-9-]{0,31}){0,4} *$/, 'must be engine names such as "yandex,local"')
  .transform((value) => value.split(',').map((name) => name.trim()));
/** `anna@example.com`, or with the name that people see: `AIlingva <no-reply@example.com>`. */
const sender = z
  .string()
  .refine(
    (value) => z.email().safeParse(/^[^<>\r\n"]*<([^<>]+)>$/.exec(value)?.[1] ?? value).success,
    'must be an e-mail address, or a name and <address>',
  );
const ipAddress = z.union([z.ipv4(), z.ipv6()], 'must be an IP address');

/** How many proxies stand in front: `true` is one. Behind none, a client could write its own X-Forwarded-For. */
const trustedProxies = z.union([
  z.enum(['true', 'false']).transform((value) => (value === 'true' ? 1 : 0)),
  count(0, 8),
]);

const iceServer = z.strictObject({
  urls: z.union([z.string(), z.array(z.string()).min(1)]),
  username: z.string().optional(),
  credential: z.string().optional(),
});
export type IceServer = z.infer<typeof iceServer>;

/** JSON as `RTCConfiguration.iceServers` takes it, or plain `stun:` and `turn:` addresses between commas. */
const iceServers = z.string().transform((value, context): IceServer[] => {
  const text = value.trim();
  if (!text.startsWith('[')) {
    const urls = text.split(',').map((part) => part.trim());
    if (urls.every((url) => /^(stun|turn)s?:\S+$/.test(url))) return urls.map((url) => ({ urls: url }));
  } else {
    const parsed = z.array(iceServer).safeParse(parseJson(text));
    if (parsed.success) return parsed.data;
  }
  context.addIssue('must be stun: and turn: addresses between commas, or a JSON array of {urls, username, credential}');
  return z.NEVER;
});

const variables = z.object({
  NODE_ENV: z.enum(['development', 'test', 'production']).default('development'),
  DATA_DIR: folder.prefault('.local'),
  WEB_ROOT: folder.optional(),
  PANEL_ROOT: folder.optional(),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  LOG_FORMAT: z.enum(['pretty', 'json']).optional(),

  PORT: port.default(3000),
  HOST: z.string().optional(),
  PUBLIC_URL: webAddress.optional(),
  TRUST_PROXY: trustedProxies.default(0),

  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: 'must be a postgres:// address' }).optional(),
  /** A periodic task holds one connection for its lock while it works with others. */
  DATABASE_POOL_SIZE: count(4, 200).default(10),
  REDIS_URL: z.url({ protocol: /^rediss?$/, error: 'must be a redis:// address' }).optional(),

  ADMIN_EMAIL: z.email('must be an e-mail address').optional(),
  ADMIN_PASSWORD: z.string().min(10, 'must have at least 10 characters').max(200).optional(),
  TOKEN_SECRET: z.string().min(32, 'must have at least 32 characters').optional(),

  RTC_PORT: count(1024, 65_535).default(44_444),
  RTC_LISTEN_IP: ipAddress.optional(),
  RTC_ANNOUNCED_ADDRESS: z
    .string()
    .regex(/^[A-Za-z0-9.:-]{1,253}$/, 'must be an IP address or a host name')
    .optional(),
  ICE_SERVERS: iceServers.default([]),

  MEDIA_PROCESSES: count(1, 64).default(1),
  MEDIA_NODE_ID: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be lower-case letters, digits and hyphens')
    .optional(),
  MEDIA_HOST: z.string().default('127.0.0.1'),
  MEDIA_PORT: port.default(0),
  MEDIA_URL: webAddress.optional(),
  MEDIA_CAPACITY: count(1, 10_000).default(100),
  MEDIA_DRAIN_SECONDS: count(0, 86_400).optional(),
  MEDIASOUP_WORKER_BIN: folder.optional(),
  OPUS_ADDON: folder.optional(),
  FFMPEG_BIN: z.string().optional(),

  VOICE_ENGINE: engineName.optional(),
  STT_ENGINE: engineNames.optional(),
  TUTOR_ENGINE: engineNames.optional(),
  TTS_ENGINE: engineNames.optional(),
  POCKETSPHINX_STREAM_BIN: folder.optional(),
  OPENAI_API_KEY: z.string().optional(),
  OPENAI_BASE_URL: webAddress.optional(),
  OPENAI_REALTIME_MODEL: z.string().optional(),
  OPENAI_TRANSCRIPTION_MODEL: z.string().optional(),
  OPENAI_REALTIME_TRANSCRIPTION_MODEL: z.string().optional(),
  OPENAI_SPEECH_MODEL: z.string().optional(),
  OPENAI_TUTOR_MODEL: z.string().optional(),
  OPENAI_TUTOR_API: z.enum(['responses', 'chat'], 'must be responses or chat').optional(),
  OPENAI_TUTOR_TOOLS: z.enum(['true', 'false'], 'must be true or false').optional(),
  OPENAI_TUTOR_EFFORT: z
    .enum(['none', 'minimal', 'low', 'medium', 'high'], 'must be none, minimal, low, medium or high')
    .optional(),
  OPENAI_TURN_DETECTION: z.enum(['semantic', 'server'], 'must be semantic or server').optional(),
  YANDEX_API_KEY: z.string().optional(),
  YANDEX_IAM_TOKEN: z.string().optional(),
  YANDEX_FOLDER_ID: z
    .string()
    .regex(/^[a-z0-9]{1,64}$/, "must be a folder's id")
    .optional(),
  YANDEX_STT_ENDPOINT: grpcAddress.optional(),
  YANDEX_TTS_ENDPOINT: grpcAddress.optional(),
  YANDEX_LLM_ENDPOINT: webAddress.optional(),
  YANDEX_TUTOR_MODEL: z.string().optional(),
  YANDEX_TUTOR_TOOLS: z.enum(['true', 'false'], 'must be true or false').optional(),
  YANDEX_LANGUAGES: z.enum(['call', 'automatic'], 'must be call or automatic').optional(),
  YANDEX_ENDPOINTING: z.enum(['caller', 'service'], 'must be caller or service').optional(),
  YANDEX_SYNTHESIS: z.enum(['utterance', 'stream'], 'must be utterance or stream').optional(),

  RECORDINGS_FOLDER: folder.optional(),
  RECORDINGS_S3_BUCKET: z.string().optional(),
  RECORDINGS_S3_ENDPOINT: webAddress.optional(),
  RECORDINGS_S3_REGION: z.string().default('us-east-1'),
  RECORDINGS_S3_ACCESS_KEY_ID: z.string().optional(),
  RECORDINGS_S3_SECRET_ACCESS_KEY: z.string().optional(),

  JOBS_PORT: port.optional(),
  MAIL_FROM: sender.optional(),
  SMTP_URL: z.url({ protocol: /^smtps?$/, error: 'must be an smtp:// or smtps:// address' }).optional(),
  PAYMENT_PROVIDER: z.enum(['sandbox', 'yookassa'], 'must be sandbox or yookassa').optional(),
  YOOKASSA_SHOP_ID: z
    .string()
    .regex(/^\d{1,32}$/, 'must be the number of the shop')
    .optional(),
  YOOKASSA_SECRET_KEY: z.string().optional(),
  YOOKASSA_API_URL: webAddress.default('https://api.yookassa.ru/v3'),
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
  const problems = parsed.success
    ? contradictions(parsed.data)
    : parsed.error.issues.map((issue) => ({ variable: issue.path.join('.'), problem: issue.message }));
  if (!parsed.success || problems.length > 0) throw invalid(problems);
  return arrange(parsed.data);
}

/**
 * For `web`, `media` and `jobs`, which can work neither without a database nor without the key that signs tokens.
 * @throws AppError `config_invalid`
 */
export function loadServiceConfig(environment: Environment): ServiceConfig {
  const config = loadConfig(environment);
  const { databaseUrl, tokenSecret } = config;
  const problems: Problem[] = [];
  if (databaseUrl === undefined) problems.push({ variable: 'DATABASE_URL', problem: 'must be set' });
  if (tokenSecret === undefined) problems.push({ variable: 'TOKEN_SECRET', problem: 'must be set' });
  if (databaseUrl === undefined || tokenSecret === undefined) throw invalid(problems);
  return { ...config, databaseUrl, tokenSecret };
}

type Variables = z.output<typeof variables>;

interface Problem {
  readonly variable: string;
  readonly problem: string;
}

/** What each variable alone allows, but not together. */
function contradictions(v: Variables): Problem[] {
  const problems: Problem[] = [];
  const production = v.NODE_ENV === 'production';
  if (production && v.DATABASE_URL === undefined) {
    problems.push({ variable: 'DATABASE_URL', problem: 'must be set in production' });
  }
  if (production && v.TOKEN_SECRET === undefined) {
    problems.push({ variable: 'TOKEN_SECRET', problem: 'must be set in production' });
  }
  if (listenIp(v) === '0.0.0.0' && v.RTC_ANNOUNCED_ADDRESS === undefined && v.RTC_LISTEN_IP !== undefined) {
    problems.push({ variable: 'RTC_ANNOUNCED_ADDRESS', problem: 'must be set when RTC_LISTEN_IP is 0.0.0.0' });
  }
  if (v.ADMIN_PASSWORD !== undefined && v.ADMIN_EMAIL === undefined) {
    problems.push({ variable: 'ADMIN_EMAIL', problem: 'must be set when ADMIN_PASSWORD is' });
  }
  if (v.SMTP_URL !== undefined && v.MAIL_FROM === undefined) {
    problems.push({ variable: 'MAIL_FROM', problem: 'must be set when SMTP_URL is' });
  }
  if (v.PAYMENT_PROVIDER === 'sandbox' && production) {
    problems.push({ variable: 'PAYMENT_PROVIDER', problem: 'must not be sandbox in production: it takes no money' });
  }
  for (const variable of ['YOOKASSA_SHOP_ID', 'YOOKASSA_SECRET_KEY'] as const) {
    if (v.PAYMENT_PROVIDER === 'yookassa' && v[variable] === undefined) {
      problems.push({ variable, problem: 'must be set when PAYMENT_PROVIDER is yookassa' });
    }
  }
  problems.push(...missingKeys(v));
  for (const variable of ['RECORDINGS_S3_ACCESS_KEY_ID', 'RECORDINGS_S3_SECRET_ACCESS_KEY'] as const) {
    if (v.RECORDINGS_S3_BUCKET !== undefined && v[variable] === undefined) {
      problems.push({ variable, problem: 'must be set when RECORDINGS_S3_BUCKET is' });
    }
  }
  if (v.RTC_PORT + v.MEDIA_PROCESSES - 1 > 65_535) {
    problems.push({ variable: 'RTC_PORT', problem: 'leaves no ports for MEDIA_PROCESSES' });
  }
  return problems;
}

/** An engine that was asked for by name, without the key that it needs. */
function missingKeys(v: Variables): Problem[] {
  const withoutFolder =
    v.TUTOR_ENGINE?.includes('yandex') && v.YANDEX_FOLDER_ID === undefined
      ? [{ variable: 'YANDEX_FOLDER_ID', problem: 'must be set when TUTOR_ENGINE names yandex' }]
      : [];
  const wanted = {
    VOICE_ENGINE: v.VOICE_ENGINE === undefined ? [] : [v.VOICE_ENGINE],
    STT_ENGINE: v.STT_ENGINE ?? [],
    TUTOR_ENGINE: v.TUTOR_ENGINE ?? [],
    TTS_ENGINE: v.TTS_ENGINE ?? [],
  };
  const keys = [
    { engine: 'openai', variable: 'OPENAI_API_KEY', given: v.OPENAI_API_KEY !== undefined },
    {
      engine: 'yandex',
      variable: 'YANDEX_API_KEY',
      given: v.YANDEX_API_KEY !== undefined || v.YANDEX_IAM_TOKEN !== undefined,
    },
  ];
  const missing = keys.flatMap(({ engine, variable, given }) => {
    const names = Object.entries(wanted).filter(([, engines]) => engines.includes(engine));
    if (given || names.length === 0) return [];
    return [{ variable, problem: `must be set when ${names.map(([name]) => name).join(' and ')} names ${engine}` }];
  });
  return [...missing, ...withoutFolder];
}

function listenIp(v: Variables): string {
  return v.RTC_LISTEN_IP ?? (v.RTC_ANNOUNCED_ADDRESS === undefined ? '127.0.0.1' : '0.0.0.0');
}

function arrange(v: Variables) {
  const production = v.NODE_ENV === 'production';
  return {
    environment: v.NODE_ENV,
    production,
    /** Absolute. Everything that is written at run time stands in it. */
    dataDir: v.DATA_DIR,
    log: { level: v.LOG_LEVEL, pretty: v.LOG_FORMAT === undefined ? !production : v.LOG_FORMAT === 'pretty' },
    web: {
      port: v.PORT,
      /** A developer's machine answers only itself; in production a proxy or a container's network comes in. */
      host: v.HOST ?? (production ? '0.0.0.0' : '127.0.0.1'),
      publicUrl: v.PUBLIC_URL ?? `http://localhost:${v.PORT}`,
      trustedProxies: v.TRUST_PROXY,
      /** The built page: `index.html` and `assets/`. */
      root: v.WEB_ROOT ?? path.join(v.DATA_DIR, 'web'),
      /** The built components of the back office. */
      panelRoot: v.PANEL_ROOT ?? path.join(v.DATA_DIR, 'panel'),
    },
    databaseUrl: v.DATABASE_URL,
    databasePoolSize: v.DATABASE_POOL_SIZE,
    redisUrl: v.REDIS_URL,
    admin: { email: v.ADMIN_EMAIL, password: v.ADMIN_PASSWORD },
    tokenSecret: v.TOKEN_SECRET,
    rtc: {
      port: v.RTC_PORT,
      listenIp: listenIp(v),
      announcedAddress: v.RTC_ANNOUNCED_ADDRESS,
      iceServers: v.ICE_SERVERS,
    },
    media: {
      processes: v.MEDIA_PROCESSES,
      nodeId: v.MEDIA_NODE_ID ?? nodeIdOf(hostname()),
      /** Where the media process itself listens for signaling; 0 lets the system choose. */
      host: v.MEDIA_HOST,
      port: v.MEDIA_PORT,
      /** How the web process reaches it; without it, the address that it listens on. */
      url: v.MEDIA_URL,
      capacity: v.MEDIA_CAPACITY,
      /** How long live calls may go on after SIGTERM. */
      drainMs: (v.MEDIA_DRAIN_SECONDS ?? (production ? 600 : 0)) * 1000,
      workerBin: v.MEDIASOUP_WORKER_BIN,
      opusAddon: v.OPUS_ADDON,
      /** A name on the PATH, or a path. */
      ffmpegBin: v.FFMPEG_BIN,
    },
    speech: {
      /** What is wanted of the engines; settings are stronger. */
      wishes: { engine: v.VOICE_ENGINE, stt: v.STT_ENGINE, tutor: v.TUTOR_ENGINE, tts: v.TTS_ENGINE },
      pocketsphinxStreamBin: v.POCKETSPHINX_STREAM_BIN,
      openai: {
        apiKey: v.OPENAI_API_KEY,
        baseUrl: v.OPENAI_BASE_URL,
        tutorApi: v.OPENAI_TUTOR_API,
        tutorTools: v.OPENAI_TUTOR_TOOLS !== 'false',
        tutorEffort: v.OPENAI_TUTOR_EFFORT,
        turnDetection: v.OPENAI_TURN_DETECTION,
        models: {
          realtime: v.OPENAI_REALTIME_MODEL,
          transcription: v.OPENAI_TRANSCRIPTION_MODEL,
          realtimeTranscription: v.OPENAI_REALTIME_TRANSCRIPTION_MODEL,
          speech: v.OPENAI_SPEECH_MODEL,
          tutor: v.OPENAI_TUTOR_MODEL,
        },
      },
      yandex: {
        apiKey: v.YANDEX_API_KEY,
        iamToken: v.YANDEX_IAM_TOKEN,
        sttEndpoint: v.YANDEX_STT_ENDPOINT,
        ttsEndpoint: v.YANDEX_TTS_ENDPOINT,
        folderId: v.YANDEX_FOLDER_ID,
        llmEndpoint: v.YANDEX_LLM_ENDPOINT,
        tutorModel: v.YANDEX_TUTOR_MODEL,
        tutorTools: v.YANDEX_TUTOR_TOOLS !== 'false',
        languages: v.YANDEX_LANGUAGES,
        endpointing: v.YANDEX_ENDPOINTING,
        synthesis: v.YANDEX_SYNTHESIS,
      },
    },
    recordings: {
      /** Where recordings stand, or wait until they are uploaded. */
      folder: v.RECORDINGS_FOLDER ?? path.join(v.DATA_DIR, 'recordings'),
      s3:
        v.RECORDINGS_S3_BUCKET === undefined
          ? undefined
          : {
              bucket: v.RECORDINGS_S3_BUCKET,
              endpoint: v.RECORDINGS_S3_ENDPOINT,
              region: v.RECORDINGS_S3_REGION,
              accessKeyId: v.RECORDINGS_S3_ACCESS_KEY_ID ?? '',
              secretAccessKey: v.RECORDINGS_S3_SECRET_ACCESS_KEY ?? '',
            },
    },
    /** Where the jobs process answers its probes; without it, it listens nowhere. */
    jobs: { port: v.JOBS_PORT },
    mail: {
      from: v.MAIL_FROM ?? 'AIlingva <no-reply@localhost>',
      /** Without it letters are written to files in `outbox`. */
      smtpUrl: v.SMTP_URL,
      outbox: path.join(v.DATA_DIR, 'outbox'),
    },
    payments: {
      /** Without a value: in production none, elsewhere the sandbox. */
      provider: v.PAYMENT_PROVIDER ?? (production ? undefined : ('sandbox' as const)),
      yookassa: { shopId: v.YOOKASSA_SHOP_ID, secretKey: v.YOOKASSA_SECRET_KEY, apiUrl: v.YOOKASSA_API_URL },
    },
  } as const;
}

function nodeIdOf(host: string): string {
  const id = host
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 63);
  return id === '' ? 'media' : id;
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

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
