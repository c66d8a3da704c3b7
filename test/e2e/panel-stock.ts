import type { TestPanel } from '../../src/testing/panel.ts';

/** What stands in the panel's tables for a test to look at. */
export interface Stock {
  readonly anna: string;
  readonly talkedCall: string;
  readonly placedCall: string;
  readonly referral: string;
  readonly payment: string;
}

const NAMES = ['Anna', 'Boris', 'Clara', 'Dmitri', 'Elena', 'Felix', 'Galina', 'Hugo', 'Irina', 'Jonas'];

const TURNS = [
  [
    'tutor',
    'Hello! Shall we practise ordering a coffee today?',
    'Hello! Shall we practise ordering a coffee today?',
    {},
  ],
  ['learner', 'Yes, I would like a cup of coffee please', 'Yes, I would like a cup of coffee please', {}],
  [
    'tutor',
    'Very good. And now ask for the bill, and say that you would like to pay by card.',
    'Very good. And now ask for the bill,',
    { final_transcript: 112, first_token: 180, first_audio: 420 },
  ],
  [
    'learner',
    'Can I have the bill? I would like to pay by card.',
    'Can I have the bill? I would like to pay by card.',
    {},
  ],
  ['tutor', 'Perfect!', 'Perfect!', { final_transcript: 98, first_token: 160, first_audio: 390 }],
] as const;

/** Learners, calls, a payment, an invitation, a node. */
export async function stockPanel(panel: TestPanel): Promise<Stock> {
  const { knex, billing, staff } = panel;
  const by = { actorId: staff.admin.id, ip: '192.0.2.7' };
  const learners: string[] = [];
  for (let number = 0; number < 36; number += 1) {
    const name = NAMES[number % NAMES.length] ?? '';
    const suffix = number < NAMES.length ? '' : `-${Math.floor(number / NAMES.length) + 1}`;
    // Only one is found by "anna".
    const email =
      number % NAMES.length === 0 && number > 0
        ? `ana${suffix}@example.com`
        : `${name.toLowerCase()}${suffix}@example.com`;
    const id = await panel.learner(email);
    await knex('user_profiles').where('user_account_id', id).update({ name });
    learners.push(id);
    if (number < 12) {
      await billing.staff.gift({ userId: id, minutes: '60', reason: 'Welcome', idempotencyKey: `stock-${number}`, by });
    }
  }
  const [anna = '', boris = '', clara = '', dmitri = ''] = learners;
  await knex('media_nodes').insert({
    id: 'media-1',
    url: 'http://127.0.0.1:1',
    public_path: '/rtc/media-1',
    capacity: 100,
    load: 3,
  });
  const [referral] = await knex('referrals')
    .insert({ referrer_id: anna, referred_id: boris, status: 'pending' })
    .returning('id');
  const talkedCall = await placeCall(panel, clara);
  await knex('calls').where('id', talkedCall).update({ status: 'live', live_at: new Date() });
  for (const [ordinal, [speaker, text, heard, stages]] of TURNS.entries()) {
    await knex('call_turns').insert({
      call_id: talkedCall,
      ordinal,
      speaker,
      text,
      heard_text: heard,
      interrupted: heard !== text,
      engines: JSON.stringify(speaker === 'tutor' ? { tutor: 'local', tts: 'local' } : { stt: 'local' }),
      started_at_ms: ordinal * 4_200,
      duration_ms: 3_000,
      stages: JSON.stringify(stages),
      usage_lines: JSON.stringify([
        speaker === 'tutor'
          ? { kind: 'tts', engine: 'yandex', characters: text.length, cost_micro_rub: 160_000 }
          : { kind: 'stt', engine: 'local', audio_in_ms: 3_000, cost_micro_rub: 0 },
      ]),
    });
  }
  await billing.meter.end(talkedCall, { reason: 'hang_up', talkedMs: 84_000 });
  await billing.finalizeCall(talkedCall);
  return {
    anna,
    talkedCall,
    placedCall: await placeCall(panel, dmitri),
    referral: referral.id,
    payment: await panel.deposit(boris, 50_000),
  };
}

async function placeCall({ knex, billing }: TestPanel, userId: string): Promise<string> {
  return knex.transaction(async (transaction) => {
    const [call] = await transaction('calls')
      .insert({ user_account_id: userId, node_id: 'media-1', language: 'en', level: 'beginner' })
      .returning('id');
    await billing.openCall(transaction, { callId: call.id, userId });
    return call.id as string;
  });
}
