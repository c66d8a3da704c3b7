import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fc, PROPERTY_SEED } from '../testing/properties.ts';
import type { Knex } from 'knex';
import { deleteAccount } from '../accounts/deletion.ts';
import { connectDatabase, type Database } from '../platform/database.ts';
import { AppError } from '../platform/errors.ts';
import { createSilentLogger } from '../platform/log.ts';
import { writeSetting, type Setting } from '../platform/settings.ts';
import { connectDoomed } from '../testing/doomed-process.ts';
import { insertCall, insertLearner, markCallLive } from '../testing/stored-learners.ts';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import { rateSetting, referralSetting, trialSetting } from './billing-settings.ts';
import { createBilling, type Billing } from './billing.ts';
import { giveGift } from './gifts.ts';
import { minutesOf } from './minutes.ts';
import { kopecksOf } from './money.ts';
import { createPayments, type Payments } from './payments/payments.ts';
import { createSandbox, type Sandbox } from './payments/sandbox.ts';
import { blockReferral, unblockReferral } from './referrals/block.ts';

/**
 * Whatever happens to a few people, in whatever order, from several processes at once, any of which may die between two
 * statements: the books hold after every step, nobody spends what they do not have, nothing that was paid is lost, and
 * nothing is counted twice.
 *
 *     PROPERTY_RUNS=5000 node --test src/billing/lives.test.ts     more than the usual
 *     PROPERTY_SEED=…                                              the same again, as far as concurrency lets it
 */

const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 200);
/** The check reads all of the books: a new database every so often keeps it fast. */
const RUNS_PER_DATABASE = 20;

const who = fc.nat(3);
const which = fc.nat(5);
const key = fc.nat(2);
const talkedMs = fc.nat(400_000);

const act = fc.oneof(
  { weight: 2, arbitrary: fc.record({ type: fc.constant('register' as const), invitedBy: fc.option(who) }) },
  fc.record({ type: fc.constant('confirm' as const), who }),
  fc.record({ type: fc.constant('leave' as const), who, minutesGivenUp: fc.constantFrom(0, 60, 1_000_000) }),
  { weight: 2, arbitrary: fc.record({ type: fc.constant('open' as const), who }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('connect' as const), which }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('beat' as const), which, talkedMs }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('end' as const), which, talkedMs }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('finalize' as const), which }) },
  fc.record({ type: fc.constant('lose node' as const), which }),
  fc.record({ type: fc.constant('sweep' as const) }),
  fc.record({ type: fc.constant('gift' as const), who, key, hundredths: fc.integer({ min: 1, max: 500 }) }),
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('deposit' as const),
      who,
      key,
      roubles: fc.constantFrom(10, 15, 300, 1000),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('decide' as const),
      which,
      decision: fc.constantFrom('succeeded' as const, 'succeeded' as const, 'canceled' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('notify' as const), which }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('refund' as const),
      which,
      key,
      kind: fc.constantFrom('refund' as const, 'chargeback' as const),
      part: fc.option(fc.integer({ min: 1, max: 1500 })),
    }),
  },
  fc.record({ type: fc.constant('block' as const), which, reverse: fc.boolean() }),
  fc.record({ type: fc.constant('unblock' as const), which }),
  fc.record({
    type: fc.constant('set' as const),
    setting: fc.constantFrom(
      { setting: rateSetting, values: [1, 333, 500, 733] },
      { setting: trialSetting, values: [0, 1, 60] },
      { setting: referralSetting, values: [0, 1, 60] },
    ),
    value: fc.nat(2),
  }),
);
type Act = typeof act extends fc.Arbitrary<infer Value> ? Value : never;

const doom = fc.option(fc.record({ statements: fc.nat(16), answerLost: fc.boolean() }), { freq: 4 });
const step = fc.record({ act, doom });

/** What happens at the same time, and then the next. */
const life = fc.array(fc.array(step, { minLength: 1, maxLength: 5 }), { minLength: 3, maxLength: 8 });

/** What somebody may be told in such a tangle; anything else is a fault. */
const ALLOWED = new Set([
  'no_minutes',
  'call_ended',
  'call_not_ended',
  'referral_not_blocked',
  'idempotency_key_reused',
  'refund_too_large',
  'payment_refused',
  'account_deleted',
  'balance_not_given_up',
  // Whoever invited them has left just now.
  'referral_code_unknown',
]);

interface Process {
  readonly knex: Knex;
  readonly billing: Billing;
  readonly payments: Payments;
  readonly sandbox: Sandbox;
}

function startProcess({ knex }: Pick<Database, 'knex'>): Process {
  const log = createSilentLogger();
  const publicUrl = 'https://ailingva.example';
  const sandbox = createSandbox({ knex, production: false, publicUrl });
  return {
    knex,
    sandbox,
    billing: createBilling({ knex, log, onCallEnded: () => {}, personSecret: 'of this test' }),
    payments: createPayments({ knex, log, provider: sandbox, publicUrl }),
  };
}

interface World {
  readonly database: TestDatabase;
  readonly processes: readonly Process[];
  readonly staffId: string;
  readonly close: () => Promise<void>;
}

async function makeWorld(): Promise<World> {
  const closing: (() => unknown)[] = [];
  const database = await createTestDatabase({ after: (close) => void closing.push(close as () => unknown) });
  const others = [1, 2, 3].map(() =>
    connectDatabase({ url: database.url, poolSize: 3, applicationName: 'ailingva test' }),
  );
  return {
    database,
    processes: others.map(startProcess),
    staffId: await insertLearner(database.knex),
    async close() {
      for (const other of others) await other.close();
      for (const close of closing) await close();
    },
  };
}

/** Finds what a step is about, as it stands in the database: what a process that died has left counts too. */
class Cast {
  readonly #knex: Knex;
  readonly #run: number;
  /** An id from just before this run: who left has no address to be known by. */
  readonly #since: string;
  #registered = 0;

  private constructor(knex: Knex, run: number, since: string) {
    this.#knex = knex;
    this.#run = run;
    this.#since = since;
  }

  static async begin(knex: Knex, run: number): Promise<Cast> {
    const { rows } = await knex.raw<{ rows: { since: string }[] }>('SELECT uuidv7() AS since');
    return new Cast(knex, run, rows[0]!.since);
  }

  nextEmail(): string {
    return `life-${this.#run}-${this.#registered++}@example.com`;
  }

  people(): Promise<string[]> {
    return this.#knex('user_accounts').where('id', '>', this.#since).orderBy('id').pluck('id');
  }

  async countGone(): Promise<number> {
    const gone = await this.#knex('account_deletions').whereIn('user_account_id', await this.people());
    return gone.length;
  }

  async person(place: number): Promise<string | undefined> {
    return pick(await this.people(), place);
  }

  async calls(): Promise<string[]> {
    return this.#knex('calls')
      .whereIn('user_account_id', await this.people())
      .orderBy('id')
      .pluck('id');
  }

  async payments(): Promise<string[]> {
    return this.#knex('payments')
      .whereIn('user_account_id', await this.people())
      .orderBy('id')
      .pluck('id');
  }

  async referral(place: number): Promise<string | undefined> {
    const all = await this.#knex('referrals')
      .whereIn('referred_id', await this.people())
      .orderBy('id')
      .pluck('id');
    return pick(all, place);
  }

  /** The provider's own number of a payment, by its own books: ours may have missed the answer. */
  async providerIds(): Promise<string[]> {
    return this.#knex('sandbox_payments')
      .whereIn('reference', await this.payments())
      .orderBy('created_at')
      .pluck('id');
  }
}

function pick<Item>(items: readonly Item[], place: number): Item | undefined {
  return items[place % Math.max(1, items.length)];
}

async function register({ knex, billing }: Process, cast: Cast, invitedBy: number | null): Promise<void> {
  const inviter = invitedBy === null ? undefined : await cast.person(invitedBy);
  await knex.transaction(async (transaction) => {
    const code: { code: string } | undefined =
      inviter === undefined
        ? undefined
        : await transaction('referral_codes').where('user_account_id', inviter).first('code');
    const [account]: { id: string }[] = await transaction('user_accounts')
      .insert({ email: cast.nextEmail(), password_hash: 'none' })
      .returning('id');
    assert.ok(account);
    await transaction('user_profiles').insert({ user_account_id: account.id });
    await billing.onRegistered(transaction, account.id, code ? { referralCode: code.code } : {});
  });
}

async function confirm({ knex, billing }: Process, userId: string): Promise<void> {
  await knex.transaction(async (transaction) => {
    const confirmed = await transaction('user_accounts')
      .where({ id: userId })
      .whereNull('confirmed_at')
      .update({ confirmed_at: transaction.fn.now() });
    if (confirmed === 1) await billing.onConfirmed(transaction, userId);
  });
}

async function openCall({ knex, billing }: Process, userId: string): Promise<void> {
  await knex.transaction(async (transaction) => {
    const callId = await insertCall(transaction, userId);
    await billing.openCall(transaction, { callId, userId });
  });
}

const tell = ({ payments }: Process, id: string): Promise<unknown> =>
  payments.notify({
    provider: 'sandbox',
    body: { event: 'payment.succeeded', object: { id } },
    // Nobody is refused for telling too much here.
    ip: crypto.randomUUID(),
  });

/** Of a person. */
async function actOnPerson(process: Process, what: Extract<Act, { who: number }>, userId: string, staffId: string) {
  if (what.type === 'confirm') await confirm(process, userId);
  else if (what.type === 'open') await openCall(process, userId);
  else if (what.type === 'leave') {
    const by = { kind: 'self', passwordHash: 'none', minutesGivenUp: what.minutesGivenUp } as const;
    const { onDeleted } = process.billing;
    await deleteAccount(process.knex, { userId, by, endCalls: async () => {}, onDeleted });
  } else if (what.type === 'gift') {
    await giveGift(process.knex, {
      userId,
      actorId: staffId,
      ip: '',
      minutes: minutesOf(what.hundredths),
      reason: 'A gift',
      idempotencyKey: `${userId}:${what.key}`,
    });
  } else {
    const idempotencyKey = `deposit:${what.key}`;
    await process.payments.createDeposit({ userId, amount: kopecksOf(what.roubles * 100), idempotencyKey });
  }
}

type CallAct = Extract<Act, { type: 'connect' | 'beat' | 'end' | 'finalize' | 'lose node' }>;

async function actOnCall({ knex, billing }: Process, what: CallAct, callId: string): Promise<void> {
  if (what.type === 'connect') await markCallLive(knex, callId);
  else if (what.type === 'finalize') await billing.finalizeCall(callId);
  else if (what.type === 'end') await billing.meter.end(callId, { reason: 'hang_up', talkedMs: what.talkedMs });
  else if (what.type === 'beat') {
    const { heldMs, coveredMs } = await billing.meter.beat(callId, what.talkedMs);
    assert.ok(heldMs >= 60_000 && heldMs <= coveredMs);
  } else {
    await knex('calls')
      .where('id', callId)
      .whereIn('status', ['placed', 'live'])
      .update({ last_beat_at: knex.raw(`now() - interval '1 hour'`) });
  }
}

async function perform(process: Process, what: Act, cast: Cast, staffId: string): Promise<void> {
  const { knex, billing, payments, sandbox } = process;
  if (what.type === 'register') return register(process, cast, what.invitedBy);
  if (what.type === 'sweep') {
    assert.equal((await billing.sweep()).failed, 0);
  } else if (what.type === 'set') {
    const { setting, values } = what.setting as { setting: Setting<typeof rateSetting.schema>; values: number[] };
    await writeSetting(knex, setting, { value: values[what.value], actorId: staffId });
  } else if ('who' in what) {
    const userId = await cast.person(what.who);
    if (userId !== undefined) await actOnPerson(process, what, userId, staffId);
  } else if (what.type === 'decide' || what.type === 'notify') {
    const id = pick(await cast.providerIds(), what.which);
    if (id === undefined) return;
    await (what.type === 'decide' ? sandbox.decide(id, what.decision) : tell(process, id));
  } else if (what.type === 'refund') {
    const paymentId = pick(await cast.payments(), what.which);
    if (paymentId === undefined) return;
    const amount = what.part === null ? undefined : what.part * 100;
    const { kind } = what;
    const idempotencyKey = `refund:${what.key}`;
    await payments.refund({ paymentId, kind, amount, reason: 'why not', idempotencyKey, actorId: staffId, ip: '' });
  } else if (what.type === 'block' || what.type === 'unblock') {
    const referralId = await cast.referral(what.which);
    if (referralId === undefined) return;
    const decision = { referralId, actorId: staffId, ip: '', reason: 'Why not' };
    await (what.type === 'block'
      ? blockReferral(knex, { ...decision, reverse: what.reverse })
      : unblockReferral(knex, decision));
  } else {
    const callId = pick(await cast.calls(), what.which);
    if (callId !== undefined) await actOnCall(process, what, callId);
  }
}

describe('lives', () => {
  it(`keep the books (${RUNS} runs)`, { timeout: 120_000 + RUNS * 2_000 }, async (t) => {
    t.diagnostic(`seed ${PROPERTY_SEED}`);
    let world: World | undefined;
    t.after(() => world?.close());
    let runs = 0;
    let steps = 0;
    let deaths = 0;
    let left = 0;

    const play = async (
      rounds: readonly (readonly { act: Act; doom: { statements: number; answerLost: boolean } | null }[])[],
    ) => {
      if (runs % RUNS_PER_DATABASE === 0) {
        await world?.close();
        world = await makeWorld();
      }
      assert.ok(world);
      const { database, processes, staffId } = world;
      const cast = await Cast.begin(database.knex, runs++);
      const first = processes[0]!;
      await register(first, cast, null);

      const run = async ({ act: what, doom: end }: (typeof rounds)[number][number]): Promise<void> => {
        steps += 1;
        if (end === null) return perform(processes[steps % processes.length]!, what, cast, staffId);
        const doomed = connectDoomed(database.url, end);
        try {
          await perform(startProcess(doomed), what, cast, staffId);
        } catch (error) {
          if (!doomed.died()) throw error;
        } finally {
          if (doomed.died()) deaths += 1;
          await doomed.close();
        }
      };

      for (const round of rounds) {
        for (const outcome of await Promise.allSettled(round.map(run))) {
          if (outcome.status === 'fulfilled') continue;
          const reason: unknown = outcome.reason;
          if (!(reason instanceof AppError && ALLOWED.has(reason.code))) throw reason;
        }
        assert.deepEqual(await first.billing.checkInvariants(), []);
      }
      await settleEverything(first, cast);
      left += await cast.countGone();
    };

    await fc.assert(fc.asyncProperty(life, play), { numRuns: RUNS, endOnFailure: true });
    t.diagnostic(`${runs} lives, ${steps} steps, ${deaths} processes died on the way, ${left} people left`);
    assert.ok(left > RUNS / 20, 'people leave');
    assert.ok(deaths > RUNS / 4, 'processes die often enough to prove something');
  });
});

/** Everything ends: nothing stays held, no call uncharged, no money unaccounted for. */
async function settleEverything(process: Process, cast: Cast): Promise<void> {
  const { knex, billing } = process;
  for (const callId of await cast.calls()) await billing.meter.end(callId, { reason: 'idle', talkedMs: 0 });
  assert.equal((await billing.sweep()).failed, 0);
  for (const id of await cast.providerIds()) await tell(process, id);
  assert.deepEqual(await billing.checkInvariants(), []);

  const people = await cast.people();
  assert.deepEqual(await knex('user_profiles').whereIn('user_account_id', people).where('minutes_held', '>', 0), []);
  const open = await knex('calls').whereIn('user_account_id', people).whereNot('status', 'finalized');
  assert.deepEqual(open, []);
  const paidButNotCredited = await knex('sandbox_payments as s')
    .joinRaw('JOIN payments p ON p.id::text = s.reference')
    .whereIn('p.user_account_id', people)
    .where('s.status', 'succeeded')
    .whereNull('p.wallet_transaction_id')
    .whereNot('p.status', 'refunded')
    // Of somebody who left: with staff, to the last kopeck.
    .whereRaw(
      `(p.status, p.reason, p.captured_kopecks) IS DISTINCT FROM ('mismatch', 'account_deleted', s.amount_kopecks)`,
    )
    .select('p.id', 'p.status');
  assert.deepEqual(paidButNotCredited, []);
  const bestowedOnNobody = await knex('wallet_transactions as t')
    .join('user_accounts as a', 'a.id', 't.user_account_id')
    .whereIn('a.id', people)
    .whereIn('t.type', ['deposit', 'gift'])
    .whereRaw('t.created_at > a.deleted_at')
    .select('t.id', 't.type');
  assert.deepEqual(bestowedOnNobody, []);
}
