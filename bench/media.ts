import { parseArgs } from 'node:util';
import { percentile } from './calls/percentiles.ts';
import { measureHttpTurns } from './media/http-turns.ts';
import { measureRecording } from './media/recording.ts';
import { measureDelay, measureLoad } from './media/socket-voice.ts';

/**
 * Voices without WebRTC, and recordings.
 *
 *   ./ailingva bench media [--http-turns 60] [--turns 10] [--calls 20] [--seconds 30] [--stall-ms 0]
 *
 * `--stall-ms 300` stops the media process for so long every four seconds of the calls: what a learner hears of it.
 */
const { values } = parseArgs({
  options: {
    'http-turns': { type: 'string', default: '60' },
    turns: { type: 'string', default: '10' },
    calls: { type: 'string', default: '20' },
    seconds: { type: 'string', default: '30' },
    'stall-ms': { type: 'string', default: '0' },
  },
});

function line(name: string, value: string, wanted: string): void {
  console.log(`  ${name.padEnd(52)} ${value.padStart(12)}   ${wanted}`);
}

console.log('Turns over HTTP: from the first synthesized sound to the first byte of MP3 at the client');
for (const atOnce of [1, 5]) {
  const { firstByteMs } = await measureHttpTurns(Number(values['http-turns']), atOnce);
  line(`${atOnce} at once, p50`, `${percentile(firstByteMs, 0.5).toFixed(1)} ms`, '');
  line(`${atOnce} at once, p95`, `${percentile(firstByteMs, 0.95).toFixed(1)} ms`, 'within 60 ms');
}

console.log('Recordings, one side speaking at a time');
for (const kind of ['packets', 'samples'] as const) {
  const { percentOfCore, kilobytesPerMinute } = await measureRecording(kind, 20, 60);
  const name = kind === 'packets' ? 'by WebRTC: packets as they are' : 'over the socket: encoded';
  line(name, `${percentOfCore.toFixed(3)} %`, 'of a core a call; under 0.3 %');
  line('', `${kilobytesPerMinute.toFixed(0)} kB`, 'a minute');
}

console.log('Voice over the socket: from the last word to the first sound heard');
const { webRtcMs, socketMs } = await measureDelay(Number(values.turns));
const [byWebRtc, bySocket] = [percentile(webRtcMs, 0.95), percentile(socketMs, 0.95)];
line('by WebRTC, p95', `${byWebRtc.toFixed(0)} ms`, '');
line('over the socket, p95', `${bySocket.toFixed(0)} ms`, '');
line('added', `${(bySocket - byWebRtc).toFixed(0)} ms`, 'under 400 ms');

const [calls, seconds, stallMs] = [values.calls, values.seconds, values['stall-ms']].map(Number) as [
  number,
  number,
  number,
];
console.log(`${calls} calls over the socket at once, which talk in turns`);
const load = await measureLoad({ calls, seconds, stallMs });
line(
  'underruns',
  String(load.underruns),
  `in ${load.turns} answers; ${stallMs > 0 ? 'one each at most' : 'none'} wanted`,
);
line('the callers stood still', `${load.callersStoodStillMs.toFixed(0)} ms`, 'at most: the benchmark’s own doing');
line('reply, p95', `${load.replyP95Ms.toFixed(0)} ms`, '');
line('media process', `${load.mediaPercent.toFixed(2)} %`, 'of a core a call');
line('transcoders', `${load.transcoderPercent.toFixed(2)} %`, 'of a core a call');
