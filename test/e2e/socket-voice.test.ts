import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { before, describe, it } from 'node:test';
import { findFreePort } from '../../src/media/sfu/free-port.ts';
import { LossyRelay } from '../../src/testing/network/lossy-relay.ts';
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
    assert.ok(Math.max(...shifts) - Math.min(...shifts) < 100, `gaps in what the page played: ${shifts.join(' ')} ms`);
    assert.deepEqual(learner.problems, []);
  });
});

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
