import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Microphone } from '../src/media/audio/microphone.ts';
import { loadOpus, type OpusCodec } from '../src/media/audio/opus.ts';
import { RTP_HEADER_BYTES, writeRtpHeader } from '../src/media/audio/rtp.ts';
import { Speaker } from '../src/media/audio/speaker.ts';
import { VoiceActivityDetector } from '../src/media/audio/vad.ts';

/**
 * What one call's audio costs on one core, without a network: microseconds of CPU for each frame of 20 ms on the
 * way in (parse, buffer, decode, detect voices) and on the way out (encode, packet, send).
 *
 *   node bench/audio.ts [--calls 16] [--seconds 20] [--addon .local/native/opus.node]
 */
const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '16' },
    seconds: { type: 'string', default: '20' },
    addon: { type: 'string', default: fileURLToPath(new URL('../.local/native/opus.node', import.meta.url)) },
  },
});
const calls = Number(values.calls);
const slots = Number(values.seconds) * 50;

/** Something like a voice, that starts and stops: two seconds of it, one of near silence. */
function talk(sampleRate: number, seconds: number): Int16Array {
  let phase = 0;
  return Int16Array.from({ length: sampleRate * seconds }, (_, index) => {
    const time = index / sampleRate;
    phase += (120 + 40 * Math.sin(9 * time)) / sampleRate;
    let sum = 0;
    for (let harmonic = 1; harmonic < 12; harmonic++) sum += Math.sin(2 * Math.PI * phase * harmonic) / harmonic;
    const gain = time % 3 < 2 ? 5_000 * (0.6 + 0.4 * Math.sin(20 * time)) : 15;
    return Math.round(gain * sum + 20 * (Math.random() - 0.5));
  });
}

/** CPU of the whole process in microseconds. */
function cpu(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

async function measureIn(codec: OpusCodec, detector: VoiceActivityDetector | undefined): Promise<number> {
  const encoder = codec.createEncoder({ sampleRate: 48_000 });
  const sound = talk(48_000, 6);
  const packets: Uint8Array[] = [];
  for (let at = 0; at < sound.length; at += 960) {
    const payload = encoder.encode(sound.subarray(at, at + 960));
    const packet = new Uint8Array(RTP_HEADER_BYTES + payload.length);
    packet.set(payload, RTP_HEADER_BYTES);
    packets.push(packet);
  }
  let heard = 0;
  const silent = { openStream: () => ({ write: () => {}, probability: 0, speaking: false, close: () => {} }) };
  const microphones = Array.from(
    { length: calls },
    () =>
      new Microphone({
        codec,
        detector: detector ?? silent,
        onFrame: (frame) => (heard += frame.length),
        onVoice: () => {},
      }),
  );
  const slot = async (index: number) => {
    for (const [call, microphone] of microphones.entries()) {
      const packet = packets[(index + call * 7) % packets.length]!;
      writeRtpHeader(packet, false, 111, index, (index * 960) >>> 0, 1);
      microphone.receive(packet, index * 20);
    }
    for (const microphone of microphones) microphone.tick(index * 20);
    // A quarter of the calls share a run in the product's four phases; here all of them do.
    detector?.flush();
    await detector?.idle();
  };
  for (let index = 0; index < 100; index++) await slot(index);
  const before = cpu();
  for (let index = 100; index < 100 + slots; index++) await slot(index);
  const used = cpu() - before;
  for (const microphone of microphones) microphone.close();
  if (heard !== (100 + slots) * calls * 320) throw new Error('not one frame a slot');
  return used / slots / calls;
}

function measureOut(codec: OpusCodec, sampleRate: number, complexity: number): number {
  const sound = talk(sampleRate, 6);
  let bytes = 0;
  const speakers = Array.from(
    { length: calls },
    () => new Speaker({ codec, ssrc: 1, payloadType: 111, complexity, send: (packet) => (bytes += packet.length) }),
  );
  const segments = speakers.map((speaker) => speaker.openSegment({ sampleRate }));
  const frame = sampleRate / 50;
  const slot = (index: number) => {
    for (const [call, speaker] of speakers.entries()) {
      speaker.send(index * 20);
      const at = ((index + call * 7) * frame) % (sound.length - frame);
      segments[call]!.write(sound.subarray(at, at + frame));
      speaker.prepare(index * 20);
    }
  };
  for (let index = 0; index < 100; index++) slot(index);
  const before = cpu();
  for (let index = 100; index < 100 + slots; index++) slot(index);
  const used = cpu() - before;
  for (const speaker of speakers) speaker.close();
  if (bytes === 0) throw new Error('nothing was sent');
  return used / slots / calls;
}

const detector = await VoiceActivityDetector.load();
const codecs = [loadOpus(), ...(existsSync(values.addon) ? [loadOpus({ addonPath: values.addon })] : [])];
const results: Record<string, Record<string, number>> = {};
for (const codec of codecs) {
  const withoutVoices = await measureIn(codec, undefined);
  const figures = {
    in_us: await measureIn(codec, detector),
    in_without_vad_us: withoutVoices,
    out_16k_us: measureOut(codec, 16_000, 5),
    out_24k_us: measureOut(codec, 24_000, 5),
    out_24k_complexity_3_us: measureOut(codec, 24_000, 3),
    out_24k_complexity_1_us: measureOut(codec, 24_000, 1),
    out_22k_us: measureOut(codec, 22_050, 5),
  };
  results[codec.name] = Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [name, Math.round(value * 10) / 10]),
  );
  process.stdout.write(`\n${codec.name}, ${calls} calls: CPU for each frame of 20 ms (50 a second)\n`);
  for (const [name, us] of Object.entries(figures)) {
    process.stdout.write(
      `  ${name.padEnd(26)} ${us.toFixed(1).padStart(7)} µs  ${((us * 50) / 10_000).toFixed(2)} % of a core\n`,
    );
  }
}
await detector.close();
process.stdout.write(`${JSON.stringify({ bench: 'audio', calls, seconds: slots / 50, results })}\n`);
