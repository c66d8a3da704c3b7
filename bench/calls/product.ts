import { randomBytes } from 'node:crypto';
import { createAccounts } from '../../src/accounts/index.ts';
import { MEDIA_NODE_FLAGS } from '../../src/app/media-node-flags.ts';
import { WEB_NODE_FLAGS } from '../../src/app/web-node-flags.ts';
import { createBilling } from '../../src/billing/index.ts';
import { MediaNodes, Placement } from '../../src/media/index.ts';
import { findFreePort } from '../../src/media/sfu/free-port.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { connectDatabase } from '../../src/platform/database.ts';
import { createSilentLogger } from '../../src/platform/log.ts';
import { migrate } from '../../src/platform/migrate.ts';
import type { ServiceMessage } from '../../src/platform/service.ts';
import { startTestPostgres } from '../../src/testing/test-postgres.ts';
import { type CallEnd, parseCallEnd } from './call-ends.ts';
import { Child } from './child.ts';
import type { LatenessTold } from './messages.ts';
import { childrenNamed } from './process-usage.ts';

/** A placed call, and what its page needs to enter it. */
export interface Invitation {
  readonly path: string;
  readonly token: string;
}

/** The product, running: PostgreSQL, the web process with its way to the media process, the media process. */
export interface Product {
  /** Where pages go, for signaling too. */
  readonly url: string;
  /** Of the database's owner. */
  readonly databaseUrl: string;
  /** Of the media process itself, for its metrics. */
  readonly mediaUrl: string;
  readonly mediaPid: number;
  readonly workerPid: number;
  readonly codec: string;
  /** What the media process has logged of ended calls; grows. */
  readonly callEnds: readonly CallEnd[];
  /** How long after its time each slot was begun, since this was asked before; ms. */
  latenessMs(): Promise<readonly number[]>;
  /** Registers so many learners and places a call for each. */
  invite(count: number): Promise<readonly Invitation[]>;
  /** How many calls are charged, and what of the books does not agree. */
  charged(): Promise<{ readonly calls: number; readonly violations: number }>;
}

export interface ProductOptions {
  readonly capacity: number;
  /** Of the tutor's voice: Hz, and the length of an answer. */
  readonly sampleRate: number;
  readonly answerMs: number;
  readonly onClose: (close: () => Promise<void>) => void;
}

const START_DEADLINE_MS = 30_000;
const NODE_ID = 'media-0';

/** Everything that is opened is given to `onClose`, in the order of opening. */
export async function startProduct({ capacity, sampleRate, answerMs, onClose }: ProductOptions): Promise<Product> {
  const postgres = await startTestPostgres();
  onClose(() => postgres.stop());
  await migrate(postgres.url);
  const tokenSecret = randomBytes(32).toString('hex');
  const environment = {
    ...process.env,
    DATABASE_URL: postgres.url,
    TOKEN_SECRET: tokenSecret,
    NODE_ENV: 'test',
    LOG_LEVEL: 'info',
    LOG_FORMAT: 'json',
    HOST: '127.0.0.1',
    PORT: '0',
    MEDIA_HOST: '127.0.0.1',
    MEDIA_PORT: '0',
    MEDIA_NODE_ID: NODE_ID,
    MEDIA_CAPACITY: String(capacity),
    MEDIA_DRAIN_SECONDS: '0',
    RTC_LISTEN_IP: '127.0.0.1',
    RTC_ANNOUNCED_ADDRESS: '',
    RTC_PORT: String(await findFreePort('127.0.0.1')),
  };

  const callEnds: CallEnd[] = [];
  let codec = 'unknown';
  const media = new Child<ServiceMessage | LatenessTold>('media-process.ts', {
    parameters: [String(sampleRate), String(answerMs)],
    nodeFlags: MEDIA_NODE_FLAGS,
    environment,
    onLine: (line) => {
      const end = parseCallEnd(line);
      if (end) callEnds.push(end);
      codec = /"codec":"([^"]+)"/.exec(line)?.[1] ?? codec;
    },
  });
  onClose(() => media.close());
  const web = new Child<ServiceMessage>('../../src/main.ts', {
    parameters: ['web'],
    nodeFlags: WEB_NODE_FLAGS,
    environment,
  });
  onClose(() => web.close());
  const [mediaUrl, url] = await Promise.all([addressOf(media), addressOf(web)]);
  const [workerPid] = await childrenNamed(media.pid, 'mediasoup-worker');
  if (workerPid === undefined) throw new Error('The media process has no worker');

  const database = connectDatabase({ url: postgres.url, poolSize: 4, applicationName: 'ailingva bench' });
  onClose(() => database.close());
  const { knex } = database;
  const log = createSilentLogger();
  const billing = createBilling({ knex, log });
  const many = { attempts: 1_000_000, withinSec: 3_600 };
  const accounts = createAccounts({
    knex,
    log,
    clock: systemClock,
    tokenSecret,
    onRegistered: (transaction, userId) => billing.onRegistered(transaction, userId),
    limits: { loginPerPlaceAndEmail: many, loginPerPlace: many, registrationPerPlace: many },
  });
  const placement = new Placement({ knex, nodes: new MediaNodes(knex), opening: billing });

  const inviteOne = async (): Promise<Invitation> => {
    const { user } = await accounts.register({
      email: `learner-${randomBytes(8).toString('hex')}@example.org`,
      password: randomBytes(16).toString('hex'),
      name: 'Learner',
      language: 'en',
      ip: '127.0.0.1',
    });
    const { callId, node } = await placement.place({ userId: user.id, language: 'en', level: 'beginner' });
    const token = await accounts.callTokens.issue({ callId, userId: user.id, nodeId: node.id, tokenVersion: 1 });
    return { path: node.publicPath, token };
  };

  return {
    url,
    databaseUrl: postgres.url,
    mediaUrl,
    mediaPid: media.pid,
    workerPid,
    codec,
    callEnds,
    async latenessMs() {
      media.tell({ type: 'lateness' });
      const told = await media.next(START_DEADLINE_MS);
      if (told.type !== 'lateness') throw new Error(`The media process said "${told.type}"`);
      return told.latenessMs;
    },
    async invite(count) {
      const invitations: Invitation[] = [];
      for (let index = 0; index < count; index++) invitations.push(await inviteOne());
      return invitations;
    },
    async charged() {
      await billing.sweep();
      const violations = await billing.checkInvariants();
      const rows = await knex('usage_sessions').count<{ count: number | string }[]>({ count: '*' });
      return { calls: Number(rows[0]?.count ?? 0), violations: violations.length };
    },
  };
}

async function addressOf(child: Child<ServiceMessage | LatenessTold>): Promise<string> {
  const message = await child.next(START_DEADLINE_MS);
  if (message.type === 'failed') throw new Error(`${message.code}: ${message.message}`);
  if (message.type !== 'ready') throw new Error(`A process said "${message.type}" before it was ready`);
  const { url } = message.facts;
  if (url === undefined) throw new Error('A process did not tell its address');
  return url;
}
