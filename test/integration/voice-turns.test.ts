import assert from 'node:assert/strict';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { before, describe, it } from 'node:test';
import type { CallEngines } from '../../src/media/call/registry.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createScriptedSpeechToText } from '../../src/testing/engines/scripted-speech-to-text.ts';
import { createScriptedTextToSpeech } from '../../src/testing/engines/scripted-text-to-speech.ts';
import { createScriptedTutor, type ScriptedAnswer } from '../../src/testing/engines/scripted-tutor.ts';
import { fliteVoice } from '../../src/testing/flite-voice.ts';
import { soundFile, type SoundFormat } from '../../src/testing/hostile-media.ts';
import { childrenOf, eventually } from '../../src/testing/process-tree.ts';
import { openVoiceTurns, readAnswer, sendTurn, type TurnAnswer } from './voice-turns.fixture.ts';

const HEARD = 'Привет, hello!';
const ANSWERED = 'Hello to you. Nice to meet you.';

/** Everything that a test may want of its engines; what it does not name goes well. */
function engines(options: { answers?: readonly ScriptedAnswer[]; heard?: string; slowly?: boolean } = {}): CallEngines {
  return {
    speechToText: createScriptedSpeechToText({ utterances: [options.heard ?? HEARD] }),
    tutor: createScriptedTutor({ answers: options.answers ?? [ANSWERED] }),
    textToSpeech: createScriptedTextToSpeech({ durationMs: () => 400 }),
  };
}

describe('conversations in turns over HTTP', { timeout: 300_000 }, () => {
  let speech: Int16Array;
  let webm: Buffer;

  before(async () => {
    speech = await fliteVoice('Hello there');
    webm = await soundFile(speech, 'webm');
  });

  const seconds = () => speech.length / 16_000;

  it('answers with MP3 while it is spoken, words in headers and trailers', async (t) => {
    const house = await openVoiceTurns(t, () => engines());
    const learner = await house.learner();
    const answer = await sendTurn(house.url, { ...learner, body: webm });
    assert.equal(answer.status, 200, answer.body.toString());
    assert.equal(answer.headers['content-type'], 'audio/mpeg');
    assert.equal(answer.headers['transfer-encoding'], 'chunked');
    assert.equal(decodeURIComponent(String(answer.headers['voice-heard'])), HEARD);
    assert.ok(ANSWERED.startsWith(decodeURIComponent(String(answer.headers['voice-answer'])).slice(0, 5)));
    assert.equal(decodeURIComponent(answer.trailers['voice-answer'] ?? ''), ANSWERED);
    assert.ok(Math.abs(Number(answer.trailers['voice-audio-seconds']) - seconds()) < 0.1);
    // Two sentences of 400 ms, at 48 kbit/s.
    assert.ok(answer.body.length > 4_000 && answer.body.length < 8_000, `${answer.body.length} bytes`);
    assert.equal(answer.body[0], 0xff);
  });

  it('takes every format, by itself and in a form', async (t) => {
    const house = await openVoiceTurns(t, () => engines());
    const learner = await house.learner();
    for (const format of ['ogg', 'mp3', 'wav', 'm4a', 'fragments'] satisfies SoundFormat[]) {
      const body = await soundFile(speech, format);
      const answer = await sendTurn(house.url, {
        ...learner,
        body,
        query: '?end=true',
        headers: { 'content-type': 'application/octet-stream' },
      });
      assert.equal(answer.status, 200, `${format}: ${answer.body.toString()}`);
      assert.equal(answer.trailers['voice-ended'], 'true');
    }
    const form = new FormData();
    form.append('level', 'advanced');
    form.append('end', 'true');
    form.append('audio', new Blob([new Uint8Array(webm)], { type: 'audio/webm' }), 'hello.webm');
    const answer = await fetch(`${house.url}/api/voice/turn`, {
      method: 'POST',
      headers: { authorization: `Bearer ${learner.token}` },
      body: form,
    });
    assert.equal(answer.status, 200);
    assert.ok((await answer.arrayBuffer()).byteLength > 4_000);
    const [call] = await house.knex('calls').where('level', 'advanced').select('status', 'channel');
    assert.deepEqual(call, { status: 'ended', channel: 'http' });
  });

  it('answers with events or with parts for whoever accepts them', async (t) => {
    const house = await openVoiceTurns(t, () => engines());
    const learner = await house.learner();
    const query = '?end=true';
    const events = await sendTurn(house.url, {
      ...learner,
      body: webm,
      query,
      headers: { accept: 'text/event-stream' },
    });
    assert.equal(events.headers['content-type'], 'text/event-stream');
    const told = events.body.toString().split('\n\n').filter(Boolean).map(toEvent);
    assert.deepEqual([told[0]?.name, told[0]?.data['text']], ['heard', HEARD]);
    assert.deepEqual([told.at(-1)?.name, told.at(-1)?.data['answer']], ['done', ANSWERED]);
    const sound = told
      .filter(({ name }) => name === 'sound')
      .map(({ data }) => Buffer.from(String(data['mp3']), 'base64'));
    assert.equal(Buffer.concat(sound)[0], 0xff);

    const parts = await sendTurn(house.url, { ...learner, body: webm, query, headers: { accept: 'multipart/mixed' } });
    const boundary = /boundary="([^"]+)"/.exec(String(parts.headers['content-type']))?.[1] ?? 'none';
    const [, first, second, third, end] = parts.body.toString('latin1').split(`--${boundary}`);
    assert.match(first ?? '', /application\/json\r\n\r\n\{"call_id"/);
    assert.match(second ?? '', /audio\/mpeg\r\n\r\n\xff/);
    assert.match(third ?? '', /"answer":"Hello to you\. Nice to meet you\."/);
    assert.equal(end, '--\r\n');
  });

  it('goes on with a conversation by its id, and charges it as one session of all its audio', async (t) => {
    const tutor = createScriptedTutor({ answers: ['One.', 'Two.', 'Three.'] });
    const house = await openVoiceTurns(t, () => ({ ...engines(), tutor }));
    const learner = await house.learner();
    const first = await sendTurn(house.url, { ...learner, body: webm });
    const callId = String(first.headers['voice-call-id']);
    assert.deepEqual(await house.wallet(learner), [60, 2]);
    const query = `?call_id=${callId}`;
    await sendTurn(house.url, { ...learner, body: webm, query });
    await sendTurn(house.url, { ...learner, body: webm, query });
    assert.deepEqual(
      tutor.requests.map(({ history }) => history.map(({ text }) => text)),
      [[], [HEARD, 'One.'], [HEARD, 'One.', HEARD, 'Two.']],
    );
    const ended = await fetch(`${house.url}/api/voice/${callId}/end`, {
      method: 'POST',
      headers: { authorization: `Bearer ${learner.token}` },
    });
    assert.equal(ended.status, 200);
    await house.billing.sweep();
    const sessions = await house.knex('usage_sessions').select('call_id', 'duration_sec', 'billed_minutes');
    assert.deepEqual(sessions, [{ call_id: callId, duration_sec: Math.floor(3 * seconds()), billed_minutes: 1 }]);
    assert.deepEqual(await house.wallet(learner), [59, 0]);
    const turns = await house.knex('call_turns').orderBy('ordinal').select('speaker', 'text', 'interrupted');
    assert.deepEqual(
      turns.map(({ speaker, text }) => [speaker, text]),
      [
        ['learner', HEARD],
        ['tutor', 'One.'],
        ['learner', HEARD],
        ['tutor', 'Two.'],
        ['learner', HEARD],
        ['tutor', 'Three.'],
      ],
    );
    const over = await sendTurn(house.url, { ...learner, body: webm, query });
    assert.deepEqual([over.status, over.code], [409, 'call_ended']);
    assert.deepEqual(await house.billing.checkInvariants(), []);
  });

  it('ends and charges a conversation that nobody goes on with', async (t) => {
    const house = await openVoiceTurns(t, () => engines(), { idleMs: 50 });
    const learner = await house.learner();
    await sendTurn(house.url, { ...learner, body: webm });
    await eventually('the first has ended', () => house.conversations.size === 0);
    await eventuallyIn(async () => (await house.knex('calls').where('status', 'ended')).length === 1);
    assert.deepEqual(await house.knex('calls').select('end_reason'), [{ end_reason: 'idle' }]);
    await house.billing.sweep();
    assert.deepEqual(await house.wallet(learner), [59, 0]);
  });

  it('leaves its conversations to another node when it closes, with what was talked', async (t) => {
    const house = await openVoiceTurns(t, () => engines());
    const learner = await house.learner();
    const first = await sendTurn(house.url, { ...learner, body: webm });
    await house.conversations.close(0);
    const query = `?call_id=${String(first.headers['voice-call-id'])}`;
    const refused = await sendTurn(house.url, { ...learner, body: webm, query });
    assert.deepEqual([refused.status, refused.code], [503, 'node_draining']);
    assert.deepEqual(await house.knex('calls').select('status'), [{ status: 'live' }]);
    await house.knex('calls').update({ last_beat_at: house.knex.raw("now() - interval '1 minute'") });
    await house.billing.sweep();
    const sessions = await house.knex('usage_sessions').select('duration_sec', 'billed_minutes');
    assert.deepEqual(sessions, [{ duration_sec: Math.floor(seconds()), billed_minutes: 1 }]);
    assert.deepEqual(await house.wallet(learner), [59, 0]);
  });

  it('bills a second minute from the sixty-first second on, and holds it before', async (t) => {
    const house = await openVoiceTurns(t, () => engines());
    const learner = await house.learner();
    const long = new Int16Array(61 * 16_000);
    long.set(speech, 0);
    const body = await soundFile(long, 'ogg');
    const answer = await sendTurn(house.url, { ...learner, body, query: '?end=true' });
    assert.equal(answer.status, 200, answer.body.toString());
    await house.billing.sweep();
    assert.deepEqual(await house.knex('usage_sessions').select('billed_minutes'), [{ billed_minutes: 2 }]);
    assert.deepEqual(await house.wallet(learner), [58, 0]);
  });

  it('charges nothing for a turn that fails, whatever fails', async (t) => {
    const failure = { code: 'engine_failed', message: 'No.', retryable: false } as const;
    let next: CallEngines = engines();
    const house = await openVoiceTurns(t, () => next);
    await house.set('voice_turn.max_bytes', 600_000);
    await house.set('voice_turn.max_seconds', 10);
    const learner = await house.learner();
    const silence = await soundFile(new Int16Array(16_000), 'webm');
    const tooLong = await soundFile(new Int16Array(11 * 16_000), 'ogg');
    const cases: readonly [body: Uint8Array, status: number, code: string, engines?: CallEngines][] = [
      [new Uint8Array(0), 422, 'audio_empty'],
      [Buffer.from('#EXTM3U\nfile:///etc/passwd\n'), 415, 'audio_format_unsupported'],
      [webm.subarray(0, 100), 422, 'audio_unreadable'],
      [tooLong, 413, 'audio_too_long'],
      [Buffer.alloc(700_000), 413, 'audio_too_large'],
      [silence, 422, 'speech_not_heard'],
      [webm, 422, 'speech_not_heard', engines({ heard: '' })],
      [webm, 503, 'engine_failed', engines({ answers: [{ events: [], failure }] })],
      [webm, 503, 'engine_failed', engines({ answers: [''] })],
      [
        webm,
        503,
        'engine_unavailable',
        {
          ...engines(),
          speechToText: createScriptedSpeechToText({ openFailure: { ...failure, code: 'engine_unavailable' } }),
        },
      ],
    ];
    for (const [body, status, code, chosen] of cases) {
      next = chosen ?? engines();
      const answer = await sendTurn(house.url, { ...learner, body });
      assert.deepEqual([answer.status, answer.code], [status, code]);
    }
    const text = await sendTurn(house.url, { ...learner, body: webm, headers: { 'content-type': 'text/plain' } });
    assert.deepEqual([text.status, text.code], [415, 'content_type_unsupported']);
    await allEnded(house);
    await house.billing.sweep();
    assert.deepEqual(await house.wallet(learner), [60, 0]);
    assert.deepEqual(await house.knex('usage_sessions').select(), []);
    assert.deepEqual(await house.knex('call_turns').select(), []);
    await eventually('no ffmpeg is left', () => childrenOf(process.pid).length === 0);
  });

  it('cuts the answer when it fails on the way, and goes on with the conversation as it was', async (t) => {
    const failure = { code: 'engine_failed', message: 'No.', retryable: false } as const;
    const events = [{ type: 'text', delta: 'This is said. ' } as const];
    let next: CallEngines = engines({ answers: ['One.'] });
    const house = await openVoiceTurns(t, () => next);
    const learner = await house.learner();
    const first = await sendTurn(house.url, { ...learner, body: webm });
    // In real time: what was said before the failure is on its way by then.
    const textToSpeech = createScriptedTextToSpeech({ durationMs: () => 600, pace: systemClock });
    next = { ...engines({ answers: [{ events, failure }] }), textToSpeech };
    const query = `?call_id=${String(first.headers['voice-call-id'])}`;
    const cut = await sendTurn(house.url, { ...learner, body: webm, query });
    assert.equal(cut.complete, false);
    const told = await sendTurn(house.url, { ...learner, body: webm, query, headers: { accept: 'text/event-stream' } });
    assert.match(told.body.toString(), /event: problem\ndata: .*"code":"engine_failed"/);
    const tutor = createScriptedTutor({ answers: ['Two.'] });
    next = { ...engines(), tutor };
    const last = await sendTurn(house.url, { ...learner, body: webm, query });
    assert.equal(last.status, 200);
    assert.deepEqual(
      tutor.requests[0]?.history.map((turn) => turn.text),
      [HEARD, 'One.'],
    );
    const [call] = await house.knex('calls').select('talked_ms');
    assert.ok(Math.abs(call.talked_ms - 2_000 * seconds()) < 200, `talked ${call.talked_ms} ms`);
  });

  it('hears while it is uploaded, and gives up on whoever sends nothing more', async (t) => {
    const stt = createScriptedSpeechToText({ utterances: [HEARD] });
    const house = await openVoiceTurns(t, () => ({ ...engines(), speechToText: stt }));
    await house.set('voice_turn.upload_silence_seconds', 1);
    const learner = await house.learner();
    const { request, answered } = openTurn(house.url, learner.token);
    request.write(webm.subarray(0, webm.length * 0.8));
    await eventually('it is heard', () => (stt.streams[0]?.frames ?? 0) > 10);
    const answer = await answered;
    assert.deepEqual([answer.status, answer.code], [408, 'upload_too_slow']);
    request.destroy();
    await eventually('no ffmpeg is left', () => childrenOf(process.pid).length === 0);
  });

  it('stops everything when the client leaves, before the answer and within it', async (t) => {
    const tutor = createScriptedTutor({ answers: [{ events: [], stall: true }] });
    let next: CallEngines = { ...engines(), tutor };
    const house = await openVoiceTurns(t, () => next);
    const learner = await house.learner();
    const early = openTurn(house.url, learner.token);
    early.answered.catch(() => undefined);
    early.request.end(webm);
    await eventually('the tutor is asked', () => tutor.requests.length === 1);
    early.request.destroy();
    await allEnded(house);
    await house.billing.sweep();
    assert.deepEqual(await house.wallet(learner), [60, 0]);

    // Sound was heard: the turn has happened, as far as it went.
    next = engines({ answers: [{ events: [{ type: 'text', delta: 'This is said. And' }], stall: true }] });
    const late = openTurn(house.url, learner.token);
    late.answered.catch(() => undefined);
    late.request.end(webm);
    await late.response;
    late.request.destroy();
    await eventuallyIn(async () => (await house.knex('call_turns').select('ordinal')).length === 2);
    const [, said] = await house.knex('call_turns').orderBy('ordinal').select('heard_text', 'interrupted');
    assert.deepEqual(said, { heard_text: 'This is said.', interrupted: true });

    // A form breaks off while its conversation waits for a place: nobody reads the file yet, and nobody else suffers.
    const other = await house.learner();
    const form = openTurn(house.url, other.token, '', 'multipart/form-data; boundary=b');
    form.answered.catch(() => undefined);
    await house.knex.transaction(async (transaction) => {
      await transaction('user_profiles').where('user_account_id', other.id).forUpdate().first();
      form.request.write('--b\r\nContent-Disposition: form-data; name="audio"; filename="a.ogg"\r\n\r\nOggS');
      await eventuallyIn(async () => {
        const { rows } = await house.knex.raw(
          `SELECT FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND datname = current_database()`,
        );
        return rows.length > 0;
      });
      form.request.destroy();
      assert.equal((await sendTurn(house.url, { token: 'nobody', body: webm })).status, 401);
    });
    await eventuallyIn(async () => {
      const [call] = await house.knex('calls').where('user_account_id', other.id).select('status');
      return call?.status === 'ended';
    });
    await house.billing.sweep();
    assert.deepEqual(await house.wallet(other), [60, 0]);
    await eventually('no ffmpeg is left', () => childrenOf(process.pid).length === 0);
  });

  it('takes one turn at a time, of its own learner, on its own channel', async (t) => {
    const tutor = createScriptedTutor({ answers: [{ events: [{ type: 'text', delta: 'Well. I' }], stall: true }] });
    let next: CallEngines = engines();
    const house = await openVoiceTurns(t, () => next);
    const [learner, stranger] = [await house.learner(), await house.learner()];
    const first = await sendTurn(house.url, { ...learner, body: webm });
    const callId = String(first.headers['voice-call-id']);
    next = { ...engines(), tutor };
    const slow = openTurn(house.url, learner.token, `?call_id=${callId}`);
    slow.answered.catch(() => undefined);
    slow.request.end(webm);
    await slow.response;
    const query = `?call_id=${callId}`;
    const second = await sendTurn(house.url, { ...learner, body: webm, query });
    assert.deepEqual([second.status, second.code], [409, 'turn_under_way']);
    const theirs = await sendTurn(house.url, { ...stranger, body: webm, query });
    assert.deepEqual([theirs.status, theirs.code], [404, 'call_not_found']);
    const asPage = await fetch(`${house.url}/api/calls/${callId}/place`, {
      method: 'POST',
      headers: { authorization: `Bearer ${learner.token}` },
    });
    assert.equal(asPage.status, 404);
    const nobody = await sendTurn(house.url, { token: 'no', body: webm });
    assert.deepEqual([nobody.status, nobody.code], [401, 'token_invalid']);
    slow.request.destroy();
    await eventually('the slow turn is over', () => house.transcoder.size === 0);
  });

  it('refuses what the balance does not cover, at once or when it turns out', async (t) => {
    const house = await openVoiceTurns(t, () => engines());
    const poor = await house.learner(99);
    const refused = await sendTurn(house.url, { ...poor, body: webm });
    assert.deepEqual([refused.status, refused.code], [402, 'no_minutes']);
    const scant = await house.learner(100);
    const long = new Int16Array(62 * 16_000);
    long.set(speech, 0);
    const late = await sendTurn(house.url, { ...scant, body: await soundFile(long, 'ogg') });
    assert.deepEqual([late.status, late.code], [402, 'no_minutes']);
    await allEnded(house);
    await house.billing.sweep();
    const enough = await sendTurn(house.url, { ...scant, body: webm, query: '?end=true' });
    assert.equal(enough.status, 200, enough.body.toString());
  });

  it('takes so many turns a minute from one person, good and bad ones, and no more', async (t) => {
    const house = await openVoiceTurns(t, () => engines(), { turnsAMinute: 2 });
    const [learner, other] = [await house.learner(), await house.learner()];
    const nothing = await sendTurn(house.url, { ...learner, body: new Uint8Array(0) });
    assert.deepEqual([nothing.status, nothing.code], [422, 'audio_empty']);
    const good = await sendTurn(house.url, { ...learner, body: webm, query: '?end=true' });
    assert.equal(good.status, 200);
    const third = await sendTurn(house.url, { ...learner, body: webm });
    assert.deepEqual([third.status, third.code], [429, 'too_many_requests']);
    assert.ok(Number(third.headers['retry-after']) > 0);
    assert.equal((await sendTurn(house.url, { ...other, body: webm, query: '?end=true' })).status, 200);
    const counted = await house.httpTurns();
    assert.deepEqual(counted, { audio_empty: 1, answered: 2 });
  });

  it('begins nothing for whoever is signed out everywhere while they upload', async (t) => {
    const house = await openVoiceTurns(t, () => engines());
    const learner = await house.learner();
    house.uploading.meanwhile = (userId) => house.accounts.logoutEverywhere(userId);
    const answer = await sendTurn(house.url, { ...learner, body: webm });
    assert.deepEqual([answer.status, answer.code], [401, 'token_invalid']);
    await house.billing.sweep();
    assert.deepEqual(await house.wallet(learner), [60, 0]);
    assert.deepEqual(await house.httpTurns(), {});
  });

  it('gives back what is held when the node does not answer', async (t) => {
    const house = await openVoiceTurns(t, () => engines());
    const learner = await house.learner();
    await house.node.close();
    const answer = await sendTurn(house.url, { ...learner, body: webm });
    assert.deepEqual([answer.status, answer.code], [503, 'media_node_unavailable']);
    await house.billing.sweep();
    assert.deepEqual(await house.wallet(learner), [60, 0]);
  });
});

interface TurnEvent {
  readonly name: string;
  readonly data: Readonly<Record<string, unknown>>;
}

function toEvent(text: string): TurnEvent {
  const [name = '', data = ''] = text.split('\n');
  return {
    name: name.replace('event: ', ''),
    data: JSON.parse(data.replace('data: ', '')) as Readonly<Record<string, unknown>>,
  };
}

/** A turn whose body is written by the test. */
function openTurn(url: string, token: string, query = '', type = 'audio/webm') {
  const request = httpRequest(`${url}/api/voice/turn${query}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': type },
  });
  const response = new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve).once('error', reject);
  });
  response.catch(() => undefined);
  const answered: Promise<TurnAnswer> = response.then(readAnswer);
  return { request, response, answered };
}

/** Every conversation is over, and its end is written: from then on the sweep finds it. */
async function allEnded({ conversations, knex }: Awaited<ReturnType<typeof openVoiceTurns>>): Promise<void> {
  await eventuallyIn(async () => {
    return conversations.size === 0 && (await knex('calls').whereIn('status', ['placed', 'live'])).length === 0;
  });
}

async function eventuallyIn(isTrue: () => Promise<boolean>): Promise<void> {
  const until = performance.now() + 60_000;
  while (!(await isTrue())) {
    if (performance.now() > until) throw new Error('Not within 60 s');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
