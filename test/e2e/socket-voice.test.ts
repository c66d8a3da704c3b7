import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { before, describe, it } from 'node:test';
import { findFreePort } from '../../src/media/sfu/free-port.ts';
import { fliteVoice } from '../../src/testing/flite-voice.ts';
import { soundFile, type SoundFormat } from '../../src/testing/hostile-media.ts';
import { LossyRelay } from '../../src/testing/network/lossy-relay.ts';
import { until } from '../../src/testing/until.ts';
import { readAnswer, sendTurn, type TurnOptions } from '../integration/voice-turns.fixture.ts';
import { askedSentence } from './asked-sentence.ts';
import { heardWords } from './heard-words.ts';
import { chargedMinutes } from './charge.ts';
import { Learner } from './learner.ts';
import { type Product, startProduct } from './product.ts';
import { suiteCleanup } from './suite-cleanup.ts';
import { speak } from './voice.ts';

const GREETING_WORDS = ['hello', 'english', 'tutor', 'sentence', 'after'];

describe('a call in a network that blocks WebRTC', { timeout: 300_000 }, () => {
  const suite = suiteCleanup();
  let product: Product;
  let rtcPort: number;
  before(async () => {
    rtcPort = await findFreePort('127.0.0.2');
    // The page is told an address at which nothing answers, neither by UDP nor by TCP.
    product = await startProduct(suite, {
      RTC_PORT: String(rtcPort),
      RTC_LISTEN_IP: '127.0.0.2',
      RTC_ANNOUNCED_ADDRESS: '127.0.0.1',
    });
    await product.database.knex('settings').insert({ key: 'recordings.offered', value: 'true' });
  });

  it('goes on over the socket, moves back when the network lets it, and is recorded whole', async (test) => {
    const learner = await Learner.open(test, { url: product.url });
    const { page } = learner;
    await learner.register('office@example.com');
    await page.getByRole('checkbox', { name: 'Record this call' }).check();
    await learner.screenshot('ready-recording');
    await learner.startCall();
    await page.locator('[data-testid=connection][data-carrier=socket]').waitFor();
    await learner.phase('listening');
    await page.getByTestId('recording-now').getByText('Recorded', { exact: true }).waitFor();
    await learner.screenshot('call-by-socket');
    const asked = await askedSentence(learner);
    await learner.say(speak(asked));
    await learner.phase('speaking');
    await learner.phase('listening');
    const marked = await page.locator('[role=log] [data-mark=right]').count();
    assert.ok(marked >= asked.split(' ').length - 1, `words marked right: ${marked}\n${await learner.log()}`);
    const bySocket = await learner.heard();

    const relay = await LossyRelay.start({ port: rtcPort, serverPort: rtcPort, serverHost: '127.0.0.2' });
    suite.after(() => relay.close());
    await page.locator('[data-testid=connection][data-carrier=webrtc]').waitFor({ timeout: 60_000 });
    const next = await askedSentence(learner);
    await learner.say(speak(next));
    await learner.phase('speaking');
    await learner.phase('listening');
    await learner.endCall();
    await chargedMinutes(product, learner, 'office@example.com');

    await page.getByRole('link', { name: 'Past calls' }).click();
    await page.getByRole('main').getByRole('link').first().click();
    const player = page.getByTestId('recording');
    await player.waitFor();
    const [shownSec, url] = await player.evaluate(async (element: HTMLAudioElement) => {
      if (element.readyState < element.HAVE_METADATA) {
        await new Promise((resolve) => element.addEventListener('loadedmetadata', resolve, { once: true }));
      }
      return [element.duration, element.src] as const;
    });
    await learner.screenshot('call-recording');
    const [call] = await product.database.knex('calls').select('talked_ms');
    assert.ok(Math.abs(shownSec * 1_000 - Number(call.talked_ms)) < 1_000, `${shownSec} s of ${call.talked_ms} ms`);

    const { learner: said, tutor } = await decode(url);
    const words = (await Promise.all(utterances(said).map(heardWords))).join(' ');
    for (const sentence of [asked, next]) {
      const found = sentence
        .toLowerCase()
        .split(' ')
        .filter((word) => words.includes(word));
      assert.ok(found.length >= sentence.split(' ').length - 2, `of "${sentence}" the recording says: ${words}`);
    }
    const greeting = await heardWords(tutor.slice(0, 16_000 * 8));
    assert.ok(GREETING_WORDS.filter((word) => greeting.includes(word)).length >= 2, `of the greeting: ${greeting}`);
    const shifts = shiftsMs(tutor, bySocket);
    test.diagnostic(`the page's sound against the recording: ${shifts.join(' ')} ms`);
    assert.ok(shifts.length >= 4, 'enough speech to compare');
    // A gap shifts all that follows it; one stretch that is compared to the wrong place shifts nothing else.
    const lasting = shifts.slice(1).map((shift, index) => Math.min(shift, shifts[index]!));
    assert.ok(
      Math.max(...lasting) - Math.min(...lasting) < 100,
      `gaps in what the page played: ${shifts.join(' ')} ms`,
    );
    assert.deepEqual(learner.problems, []);

    const recordings = '**/recording?*';
    await page.route(recordings, (route) => route.fulfill({ status: 503, json: { code: 'recording_being_stored' } }));
    await page.reload();
    const trouble = page.getByTestId('recording-trouble');
    await trouble.getByText('The recording is still being stored.').waitFor();
    await page.unroute(recordings);
    await trouble.getByRole('button', { name: 'Try again' }).click();
    await player.waitFor();
    await trouble.waitFor({ state: 'detached' });
  });

  it('is held in turns over HTTP by whoever has files alone, with every format and answer, and charged as one', async () => {
    const { url, database } = product;
    const { id, token } = await newAccount(product, 'bot@example.com');
    const profile = () => database.knex('user_profiles').where('user_account_id', id);
    const speech = await fliteVoice('hello my friend');
    const file = (format: SoundFormat) => soundFile(speech, format);

    const first = await sendTurn(url, { token, body: await file('webm'), query: '?language=en&level=beginner' });
    assert.equal(first.status, 200, first.body.toString());
    assert.deepEqual([first.headers['content-type'], first.body[0], first.complete], ['audio/mpeg', 0xff, true]);
    assert.ok(decodeURIComponent(String(first.headers['voice-heard'])).length > 0);
    assert.ok(decodeURIComponent(String(first.trailers['voice-answer'])).length > 5);
    const callId = String(first.headers['voice-call-id']);
    const query = `?call_id=${callId}`;

    const boundary = 'a-boundary';
    const field = (head: string, body: Uint8Array | string) => [
      Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; ${head}\r\n\r\n`),
      Buffer.from(body),
      Buffer.from('\r\n'),
    ];
    const form = await sendTurn(url, {
      token,
      body: Buffer.concat([
        ...field('name="call_id"', callId),
        ...field('name="audio"; filename="a.ogg"', await file('ogg')),
        Buffer.from(`--${boundary}--\r\n`),
      ]),
      headers: { 'content-type': `multipart/form-data; boundary=${boundary}`, accept: 'multipart/mixed' },
    });
    assert.match(String(form.headers['content-type']), /^multipart\/mixed; boundary=/, form.body.toString());
    assert.match(
      form.body.toString('latin1'),
      new RegExp(`"call_id":"${callId}".*audio/mpeg\r\n\r\n\xff.*"answer":`, 's'),
    );

    const events = await sendTurn(url, {
      token,
      body: await file('m4a'),
      query,
      headers: { accept: 'text/event-stream' },
    });
    const names = [...events.body.toString().matchAll(/^event: (\w+)$/gm)].map(([, name]) => name);
    assert.deepEqual(
      [names[0], names.at(-1), names.includes('sound')],
      ['heard', 'done', true],
      events.body.toString(),
    );

    // As slowly as it is spoken, in pieces; the answer begins with what was understood.
    const wav = await file('wav');
    const slow = httpRequest(`${url}/api/voice/turn${query}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'audio/wav' },
    });
    const slowly = new Promise<IncomingMessage>((resolve, reject) =>
      slow.once('response', resolve).once('error', reject),
    );
    for (let at = 0; at < wav.length; at += 6_400) {
      slow.write(wav.subarray(at, at + 6_400));
      await setTimeout(200);
    }
    slow.end();
    assert.equal((await readAnswer(await slowly)).status, 200);
    const last = await sendTurn(url, { token, body: await file('mp3'), query: `${query}&end=true` });
    assert.deepEqual([last.status, last.trailers['voice-ended']], [200, 'true'], last.body.toString());

    await until(
      async () => (await database.knex('usage_sessions').where('call_id', callId)).length === 1,
      'the charge',
    );
    const [charge] = await database
      .knex('usage_sessions')
      .where('call_id', callId)
      .select('duration_sec', 'billed_minutes');
    const seconds = (5 * speech.length) / 16_000;
    assert.ok(Math.abs(charge.duration_sec - seconds) <= 2, `${charge.duration_sec} of ${seconds} s`);
    assert.equal(Number(charge.billed_minutes), 1);
    const said = await database.knex('call_turns').where('call_id', callId).orderBy('ordinal').select('speaker');
    assert.deepEqual(
      said.map(({ speaker }) => speaker),
      Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? 'learner' : 'tutor')),
    );

    // What is too long is refused while it is still being sent: it was decoded by then.
    await database.knex('settings').insert([
      { key: 'voice_turn.max_seconds', value: '3' },
      { key: 'voice_turn.max_bytes', value: '300000' },
    ]);
    const endless = httpRequest(`${url}/api/voice/turn`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'audio/ogg' },
    });
    endless.on('error', () => undefined);
    const refusal = new Promise<IncomingMessage>((resolve) => endless.once('response', resolve));
    endless.write(await soundFile(new Int16Array(16_000 * 5), 'ogg'));
    const tooLong = await readAnswer(await refusal);
    assert.deepEqual([tooLong.status, tooLong.code], [413, 'audio_too_long']);
    endless.destroy();
    const refused: readonly [code: string, status: number, options: TurnOptions][] = [
      ['audio_too_large', 413, { token, body: Buffer.alloc(400_000) }],
      ['audio_format_unsupported', 415, { token, body: Buffer.from('#EXTM3U\nfile:///etc/passwd\n') }],
      ['token_invalid', 401, { token: 'nobody', body: Buffer.alloc(10) }],
      ['call_ended', 409, { token, body: await file('webm'), query }],
    ];
    for (const [code, status, options] of refused) {
      const answer = await sendTurn(url, options);
      assert.deepEqual([answer.status, answer.code], [status, code]);
    }
    // What was refused has its end written by a job: what it held must not be given back after this.
    const held = async () => Number((await profile().first('minutes_held')).minutes_held);
    await until(async () => (await held()) === 0, 'what was held to be given back');
    await profile().update({ minutes_held: database.knex.raw('minutes_balance') });
    const poor = await sendTurn(url, { token, body: await file('webm') });
    assert.deepEqual([poor.status, poor.code], [402, 'no_minutes']);
  });
});

/** An account made as a client makes it, by the API. */
async function newAccount({ url, database }: Product, email: string): Promise<{ id: string; token: string }> {
  const answer = await fetch(`${url}/api/auth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password: 'a long enough secret' }),
  });
  assert.equal(answer.status, 201);
  const { token } = (await answer.json()) as { token: string };
  const account = await database.knex('user_accounts').where({ email }).first('id');
  return { id: account.id, token };
}

/** Stretches of sound between silences of half a second, with a little of the silence. */
function utterances(sound: Int16Array): Int16Array[] {
  const pause = 8_000;
  const found: Int16Array[] = [];
  let start: number | undefined;
  let loudAt = 0;
  for (let index = 0; index <= sound.length; index++) {
    if (Math.abs(sound[index] ?? 0) > 600) {
      start ??= Math.max(0, index - pause / 2);
      loudAt = index;
    }
    if (start !== undefined && (index - loudAt > pause || index === sound.length)) {
      // A click is no word.
      if (loudAt - start > pause) found.push(sound.slice(start, loudAt + pause / 2));
      start = undefined;
    }
  }
  return found;
}

/**
 * How much later than in the recording each half second of the first six sounds, from the first sound on. A gap shifts all
 * that follows it.
 */
function shiftsMs(recorded: Int16Array, played: Int16Array): number[] {
  const onset = (sound: Int16Array) => sound.findIndex((sample) => Math.abs(sample) > 500);
  const [from, to] = [onset(recorded), onset(played)];
  const window = 4_000;
  const found: number[] = [];
  for (let at = 0; at < 16_000 * 6; at += 8_000) {
    const wanted = recorded.subarray(from + at, from + at + window);
    if (wanted.reduce((sum, sample) => sum + sample * sample, 0) < 500 ** 2 * window) continue;
    let best = { likeness: 0, ms: 0 };
    for (let ms = -150; ms <= 300; ms++) {
      const start = to + at + ms * 16;
      if (start < 0 || start + window > played.length) continue;
      let [product, energy] = [0, 1];
      for (let index = 0; index < window; index++) {
        const sample = played[start + index]!;
        product += sample * wanted[index]!;
        energy += sample * sample;
      }
      const likeness = product / Math.sqrt(energy);
      if (likeness > best.likeness) best = { likeness, ms };
    }
    found.push(best.ms);
  }
  return found;
}

/** Both sides at 16 kHz. */
async function decode(url: string): Promise<{ learner: Int16Array; tutor: Int16Array }> {
  const response = await fetch(url);
  assert.equal(response.status, 200);
  const input = Buffer.from(await response.arrayBuffer());
  const options = { input, maxBuffer: 256 * 1024 * 1024 };
  const pcm = execFileSync('ffmpeg', ['-v', 'error', '-i', 'pipe:0', '-ar', '16000', '-f', 's16le', 'pipe:1'], options);
  const both = new Int16Array(pcm.buffer, pcm.byteOffset, pcm.length >> 1);
  const side = (channel: number) =>
    Int16Array.from({ length: both.length >> 1 }, (_, index) => both[index * 2 + channel]!);
  return { learner: side(0), tutor: side(1) };
}
