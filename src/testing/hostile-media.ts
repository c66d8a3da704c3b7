import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

/** Sound files as clients send them, and such as nobody should send; all made here, by the system's ffmpeg or by hand. */

const FRAGMENTS = '-c:a aac -movflags frag_keyframe+empty_moov+default_base_moof -f mp4';

const FORMATS = {
  webm: '-c:a libopus -b:a 32k -f webm',
  ogg: '-c:a libopus -b:a 32k -f ogg',
  mp3: '-c:a libmp3lame -f mp3',
  wav: '-f wav',
  /** As recorders write it: the index comes last. */
  m4a: '-c:a aac -f mp4',
  /** As Safari's MediaRecorder writes it. */
  fragments: FRAGMENTS,
  /** The same in the short pieces that it gives out while somebody speaks. */
  live_fragments: `${FRAGMENTS.replace(' -f mp4', '')} -frag_duration 60000 -f mp4`,
} as const;

export type SoundFormat = keyof typeof FORMATS;

/** A sound file, from 16 kHz mono PCM. */
export async function soundFile(pcm: Int16Array, format: SoundFormat): Promise<Buffer> {
  return inFolder(async (folder) => {
    const input = 'sound.raw';
    await writeFile(path.join(folder, input), new Uint8Array(pcm.buffer, pcm.byteOffset, pcm.byteLength));
    return await make(folder, `-f s16le -ar 16000 -ac 1 -i ${input} ${FORMATS[format]}`);
  });
}

/** What ffmpeg makes of generated sound and pictures; `args` have no spaces within. */
function generated(args: string): Promise<Buffer> {
  return inFolder((folder) => make(folder, args));
}

/** Runs in the folder, whose own path may hold anything. */
async function make(folder: string, args: string): Promise<Buffer> {
  const output = 'made';
  await promisify(execFile)('ffmpeg', ['-hide_banner', '-loglevel', 'error', ...args.split(' '), output], {
    cwd: folder,
    timeout: 60_000,
  });
  return readFile(path.join(folder, output));
}

async function inFolder(work: (folder: string) => Promise<Buffer>): Promise<Buffer> {
  const folder = await mkdtemp(path.join(tmpdir(), 'media-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

export interface HostileFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** What it is refused with; `heard` when it is heard, as far as it goes. */
  readonly outcome: string;
}

const TONE = '-f lavfi -i sine=frequency=440:duration=1';
const PICTURE = '-f lavfi -i testsrc=size=64x64:rate=5:duration=1';

/** Broken, misleading and malicious files, each with what must become of it. */
export async function hostileFiles(): Promise<HostileFile[]> {
  const [webm, ogg, mp3, wav, m4a, fragments] = await Promise.all([
    generated(`${TONE} ${FORMATS.webm}`),
    generated(`${TONE} ${FORMATS.ogg} -page_duration 200000`),
    generated(`${TONE} ${FORMATS.mp3}`),
    generated(`${TONE} ${FORMATS.wav}`),
    generated(`${TONE} ${FORMATS.m4a}`),
    generated(`${TONE} ${FORMATS.fragments}`),
  ]);
  const files: readonly (readonly [name: string, bytes: Uint8Array | string, outcome: string])[] = [
    // ── Not audio at all ──
    ['nothing', '', 'audio_empty'],
    ['one byte', 'O', 'audio_format_unsupported'],
    ['text', 'Please let me in. '.repeat(50), 'audio_format_unsupported'],
    ['a page', '<!doctype html><html><body>hello</body></html>', 'audio_format_unsupported'],
    ['a program', Buffer.concat([Buffer.from('\x7fELF', 'latin1'), noise(4_000)]), 'audio_format_unsupported'],
    ['noise', Buffer.concat([Buffer.from([0]), noise(20_000)]), 'audio_format_unsupported'],

    // ── Files that name other files ──
    ['a playlist of a file', '#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n', 'audio_format_unsupported'],
    [
      'a playlist of an address',
      '#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:1,\nhttp://127.0.0.1/x\n',
      'audio_format_unsupported',
    ],
    ['a list for concat', "ffconcat version 1.0\nfile '/etc/passwd'\n", 'audio_format_unsupported'],
    ['a concat address', 'concat:/etc/passwd|/etc/hostname', 'audio_format_unsupported'],
    ['a session description', 'v=0\no=- 0 0 IN IP4 127.0.0.1\nm=audio 9 RTP/AVP 0\n', 'audio_format_unsupported'],
    ['a manifest', '<?xml version="1.0"?><MPD><BaseURL>file:///etc/</BaseURL></MPD>', 'audio_format_unsupported'],
    ['a playlist behind a tag of MP3', withId3(Buffer.from('#EXTM3U\nfile:///etc/passwd\n'), 10), 'audio_unreadable'],
    ['a playlist within RIFF', riff('#EXTM3U\nfile:///etc/passwd\n'), 'audio_unreadable'],
    // Nobody follows it: the sound is looked for in the file itself.
    ['an index that points to another file', withExternalData(m4a, 'file:///etc/passwd'), 'heard'],

    // ── The right first bytes, and then not ──
    ['noise as WebM', Buffer.concat([webm.subarray(0, 4), noise(8_000)]), 'audio_unreadable'],
    ['noise as Ogg', Buffer.concat([ogg.subarray(0, 4), noise(8_000)]), 'audio_unreadable'],
    ['noise as WAV', Buffer.concat([wav.subarray(0, 12), noise(8_000)]), 'audio_unreadable'],
    ['noise as MP4', Buffer.concat([m4a.subarray(0, 28), noise(8_000)]), 'audio_unreadable'],
    ['noise as MP3', withId3(noise(300).fill(0x11), 10), 'audio_unreadable'],
    ['a box that is smaller than its header', changed(m4a, (copy) => copy.writeUInt32BE(3, 28)), 'audio_unreadable'],
    ['a box that is longer than numbers go', changed(m4a, hugeBox), 'audio_unreadable'],

    // ── Broken off ──
    ['WebM, half', webm.subarray(0, webm.length / 2), 'heard'],
    ['WebM, its header', webm.subarray(0, 120), 'audio_unreadable'],
    ['Ogg, most', ogg.subarray(0, (ogg.length * 3) / 4), 'heard'],
    ['MP3, half', mp3.subarray(0, mp3.length / 2), 'heard'],
    ['WAV, half', wav.subarray(0, wav.length / 2), 'heard'],
    ['WAV, its header', wav.subarray(0, 44), 'audio_unreadable'],
    ['fragments, half', fragments.subarray(0, (fragments.length * 2) / 3), 'heard'],
    ['M4A whose index is lost', m4a.subarray(0, m4a.length - 200), 'audio_unreadable'],

    // ── Lies about length ──
    [
      'WAV that says it has 4 GB',
      changed(wav, (copy) => copy.writeUInt32LE(0xffff_fff0, copy.indexOf('data') + 4)),
      'heard',
    ],
    ['WAV of no sample rate', changed(wav, (copy) => copy.writeUInt32LE(0, 24)), 'audio_unreadable'],
    ['WAV of 65 535 channels', changed(wav, (copy) => copy.writeUInt16LE(0xffff, 22)), 'audio_unreadable'],
    ['an hour in one second of WAV', changed(wav, (copy) => copy.writeUInt32LE(4, 24)), 'audio_too_long'],
    [
      'ten minutes of silence in few bytes',
      await generated(`-f lavfi -i anullsrc=r=8000:cl=mono -t 600 -c:a flac -f ogg`),
      'audio_too_long',
    ],

    // ── More than one track, or another ──
    ['two voices', await generated(`${TONE} ${TONE} -map 0 -map 1 -c:a libopus -f webm`), 'heard'],
    ['sound and picture', await generated(`${TONE} ${PICTURE} -c:a libopus -c:v libvpx -f webm`), 'heard'],
    ['picture alone', await generated(`${PICTURE} -c:v libvpx -f webm`), 'audio_track_missing'],
    [
      'picture alone in MP4',
      await generated(`${PICTURE} -c:v libx264 -movflags empty_moov+frag_keyframe -f mp4`),
      'audio_track_missing',
    ],
    ['a codec that nobody sends', await generated(`${TONE} -c:a ac3 -f matroska`), 'audio_unreadable'],
    ['MP3 behind three megabytes of tags', withId3(mp3, 3_000_000), 'heard'],
    ['MP3 behind a tag that says it never ends', withId3(mp3, 200_000_000), 'heard'],
    ['more bytes than allowed', Buffer.concat([wav, Buffer.alloc(6_000_000)]), 'audio_too_large'],
  ];
  return files.map(([name, bytes, outcome]) => ({
    name,
    bytes: typeof bytes === 'string' ? Buffer.from(bytes) : bytes,
    outcome,
  }));
}

/** The same on every run. */
function noise(length: number): Buffer {
  let state = 12_345;
  return Buffer.from(
    Uint8Array.from({ length }, () => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
      return state >> 16;
    }),
  );
}

/** An ID3v2 tag of which the size is told, not there beyond what `audio` follows it with when it is large. */
function withId3(audio: Uint8Array, size: number): Buffer {
  const header = Buffer.from('ID3\x04\0\0\0\0\0\0', 'latin1');
  for (let index = 0; index < 4; index++) header[6 + index] = (size >> (7 * (3 - index))) & 0x7f;
  return Buffer.concat([header, Buffer.alloc(Math.min(size, 4_000_000)), audio]);
}

function riff(data: string): Buffer {
  const header = Buffer.from('RIFF\0\0\0\0WAVE', 'latin1');
  header.writeUInt32LE(4 + data.length, 4);
  return Buffer.concat([header, Buffer.from(data)]);
}

function changed(file: Buffer, change: (copy: Buffer) => void): Buffer {
  const copy = Buffer.from(file);
  change(copy);
  return copy;
}

/** A box of the 64-bit size of 2⁶³. */
function hugeBox(copy: Buffer): void {
  copy.writeUInt32BE(1, 28);
  copy.writeBigUInt64BE(2n ** 63n, 36);
}

/** The same file, whose index says that the sound lies elsewhere: a `url ` entry with an address (ISO/IEC 14496-12, 8.7.2). */
function withExternalData(m4a: Buffer, address: string): Buffer {
  const at = m4a.indexOf('url ', 0, 'latin1') - 4;
  const entry = Buffer.alloc(12 + address.length + 1);
  entry.writeUInt32BE(entry.length, 0);
  entry.write('url ', 4, 'latin1');
  entry.write(address, 12, 'latin1');
  const copy = Buffer.concat([m4a.subarray(0, at), entry, m4a.subarray(at + 12)]);
  const grown = entry.length - 12;
  for (const box of ['moov', 'trak', 'mdia', 'minf', 'dinf', 'dref']) {
    const start = copy.lastIndexOf(box, at, 'latin1') - 4;
    copy.writeUInt32BE(copy.readUInt32BE(start) + grown, start);
  }
  return copy;
}
