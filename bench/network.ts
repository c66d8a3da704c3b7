import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { loadOpus } from '../src/media/audio/opus.ts';
import { VoiceActivityDetector } from '../src/media/audio/vad.ts';
import { systemClock } from '../src/platform/clock.ts';
import { createSilentLogger } from '../src/platform/log.ts';
import { createPocketSphinx } from '../src/speech/local/pocketsphinx.ts';
import { callForReal, type RealCondition, type RealResult } from './network/real-calls.ts';
import { speakLessons } from './network/spoken-lessons.ts';
import { type Condition, type ConditionResult, Sweep } from './network/sweep.ts';
import { standardError, wordErrorRate } from './network/word-errors.ts';

/**
 * `./ailingva bench network [--sentences 90] [--seed 1] [--real-sentences 8]`: what a bad network costs, in words. Calls in
 * which flite's voices say the lessons' sentences, encoded as a browser does, go through a network of random numbers into
 * the product's own way in and the local recognizer, on a clock that runs as fast as the machine; then a few in real time
 * over sockets, through a relay that loses packets.
 */
const { values } = parseArgs({
  options: {
    sentences: { type: 'string', default: '90' },
    'real-sentences': { type: 'string', default: '8' },
    seed: { type: 'string', default: '1' },
  },
});
const seed = Number(values.seed);
/** With 5 % of random loss the word error rate may rise by less than this. */
const TARGET_POINTS = 3;

const lossy = (lossPercent: number, more: Partial<Condition> = {}): Condition => ({
  name: `${lossPercent} % lost, with FEC`,
  network: { lossPercent },
  fecPercent: lossPercent,
  codec: 'addon',
  ...more,
});
const TARGETED = lossy(5);
const CONDITIONS: readonly Condition[] = [
  { name: 'nothing lost', network: {}, fecPercent: 0, codec: 'addon' },
  lossy(2),
  TARGETED,
  lossy(10),
  ...[2, 5, 10].map((percent) => lossy(percent, { name: `${percent} % lost, no FEC`, fecPercent: 0 })),
  ...[2, 5, 10].map((percent) => lossy(percent, { name: `${percent} % lost, @evan/opus`, codec: 'fallback' })),
  { name: 'jitter 0…30 ms', network: { jitterMs: 30 }, fecPercent: 0, codec: 'addon' },
  lossy(5, { name: 'jitter and 5 % lost, with FEC', network: { lossPercent: 5, jitterMs: 30 } }),
  { name: '10 % held back 40 ms', network: { reorderPercent: 10, reorderMs: 40 }, fecPercent: 0, codec: 'addon' },
  { name: 'outage of 3 s', network: { outageMs: 3_000 }, fecPercent: 0, codec: 'addon' },
];
const REAL: readonly RealCondition[] = [
  { name: 'nothing lost', toServer: {}, fecPercent: 0, nack: false },
  { name: '5 % lost, with FEC', toServer: { lossPercent: 5 }, fecPercent: 5, nack: false },
  { name: '5 % lost, asked for again', toServer: { lossPercent: 5 }, fecPercent: 5, nack: true },
];

function figuresOf(result: ConditionResult, clean: ConditionResult) {
  const { condition, sentences, packetsSent, lost, recovered, late, starvedInSpeech, delayMs } = result;
  // Compared over the same sentences: those that an outage took are left out of both.
  const compared = clean.sentences.map((sentence, index) =>
    sentences[index]!.words === 0 ? { words: 0, errors: 0 } : sentence,
  );
  return {
    name: condition.name,
    word_error_rate: wordErrorRate(sentences),
    rise_points: wordErrorRate(sentences) - wordErrorRate(compared),
    rise_standard_error: standardError(sentences, compared),
    lost_percent: (100 * lost) / packetsSent,
    recovered_percent: (100 * recovered) / packetsSent,
    concealed_percent: (100 * (lost - recovered)) / packetsSent,
    starved_percent: (100 * starvedInSpeech) / packetsSent,
    packets_late: late,
    held_back_ms: delayMs,
    frames_missing: result.framesExpected - result.framesEmitted,
  };
}

type Figures = ReturnType<typeof figuresOf>;

function sweepTable(rows: readonly Figures[]): string {
  const head = '| network | WER % | rise, points | lost % | recovered % | concealed % | starved % | held back ms |';
  const lines = rows.map((row) => {
    const rise = `${row.rise_points.toFixed(1)} ± ${row.rise_standard_error.toFixed(1)}`;
    const figures = [row.lost_percent, row.recovered_percent, row.concealed_percent, row.starved_percent];
    const percents = figures.map((figure) => figure.toFixed(1)).join(' | ');
    return `| ${row.name} | ${row.word_error_rate.toFixed(1)} | ${rise} | ${percents} | ${row.held_back_ms.toFixed(0)} |`;
  });
  return [head, '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |', ...lines].join('\n');
}

function realFigures({ condition, wordErrorRate: rate, packetsSent, relayLost, stats }: RealResult) {
  return {
    name: condition.name,
    word_error_rate: rate,
    packets_sent: packetsSent,
    lost_on_the_way: relayLost,
    lost_in_the_end: stats.packetsLost,
    recovered: stats.framesRecovered,
    concealed: stats.framesConcealed,
    target_delay_ms: stats.targetDelayMs,
  };
}

function realTable(results: readonly RealResult[]): string {
  const head =
    '| network | WER % | sent | lost on the way | lost in the end | recovered | concealed | wanted delay ms |';
  const lines = results.map(({ condition, wordErrorRate: rate, packetsSent, relayLost, stats }) => {
    const figures = [packetsSent, relayLost, stats.packetsLost, stats.framesRecovered, stats.framesConcealed];
    return `| ${condition.name} | ${rate.toFixed(1)} | ${figures.join(' | ')} | ${stats.targetDelayMs.toFixed(0)} |`;
  });
  return [head, '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |', ...lines].join('\n');
}

const say = (text: string) => process.stderr.write(`${text}\n`);
const opusAddonPath = process.env['OPUS_ADDON'];
const codecs = { addon: loadOpus({ addonPath: opusAddonPath }), fallback: loadOpus() };
if (!codecs.addon.exactConcealment) say('The Opus addon is not there: all rows are those of @evan/opus.');
const [loadBefore = 0] = loadavg();
const detector = await VoiceActivityDetector.load();
const speechToText = createPocketSphinx({
  program: process.env['POCKETSPHINX_STREAM_BIN'] ?? '',
  clock: systemClock,
  log: createSilentLogger(),
  // The machine may be busy, and the simulated clock waits.
  finalDeadlineMs: 120_000,
});

try {
  say('Speaking the sentences');
  const lessons = await speakLessons(Number(values.sentences));
  const sweep = new Sweep({ lessons, codecs, detector, speechToText, seed });
  const results: ConditionResult[] = [];
  for (const condition of CONDITIONS) {
    say(condition.name);
    results.push(await sweep.run(condition));
  }
  const figures = results.map((result) => figuresOf(result, results[0]!));

  const [spoken] = await speakLessons(Math.min(10, Number(values['real-sentences'])));
  const real: RealResult[] = [];
  for (const condition of spoken ? REAL : []) {
    say(`in real time: ${condition.name}`);
    real.push(await callForReal(condition, { lesson: spoken!, speechToText, opusAddonPath, seed }));
  }

  const rise = figures[CONDITIONS.indexOf(TARGETED)]!.rise_points;
  const words = results[0]!.sentences.reduce((sum, sentence) => sum + sentence.words, 0);
  const sentences = results[0]!.sentences.length;
  const verdict = `${rise < TARGET_POINTS ? 'ok' : 'OVER'} (less than ${TARGET_POINTS})`;
  process.stdout.write(
    `\n${sentences} sentences, ${words} words, ${lessons.length} calls; ${codecs.addon.name}; load before: ${loadBefore.toFixed(1)}\n\n` +
      `${sweepTable(figures)}\n\nWith 5 % lost and FEC the word error rate rises by ${rise.toFixed(1)} points: ${verdict}\n\n` +
      `In real time, over sockets:\n\n${realTable(real)}\n\n`,
  );
  const rounded = figures.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [
        name,
        typeof value === 'number' ? Math.round(value * 100) / 100 : value,
      ]),
    ),
  );
  process.stdout.write(
    `${JSON.stringify({ bench: 'network', codec: codecs.addon.name, cores: cpus().length, load_before: loadBefore, seed, sentences, words, target_met: rise < TARGET_POINTS, rows: rounded, real: real.map(realFigures) })}\n`,
  );
  if (figures.some(({ frames_missing: missing }) => missing !== 0)) process.exitCode = 1;
} finally {
  await speechToText.close();
  await detector.close();
}
