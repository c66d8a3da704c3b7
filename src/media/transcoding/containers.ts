export type Container = 'webm' | 'ogg' | 'mp3' | 'mp4' | 'wav';

/** How many bytes tell every container. */
export const SNIFF_BYTES = 12;

/**
 * ffmpeg's demuxer for a container, and the decoders that may open in it. Nothing else is ever tried: not the demuxers that
 * read other files (hls, concat, dash, image sequences), not the decoders of video.
 */
export const DEMUXING: Readonly<Record<Container, { readonly demuxer: string; readonly decoders: string }>> = {
  webm: { demuxer: 'matroska', decoders: 'opus,vorbis' },
  ogg: { demuxer: 'ogg', decoders: 'opus,vorbis,flac' },
  mp3: { demuxer: 'mp3', decoders: 'mp3float,mp3' },
  mp4: { demuxer: 'mov', decoders: 'aac,alac,mp3float,opus' },
  wav: { demuxer: 'wav', decoders: 'pcm_s16le,pcm_u8,pcm_s24le,pcm_s32le,pcm_f32le,pcm_alaw,pcm_mulaw' },
};

/** Where every WebM and Matroska file begins (RFC 8794, section 8.1). */
const EBML = Buffer.from([0x1a, 0x45, 0xdf, 0xa3]);

/**
 * Tells a container by its first bytes.
 * @returns `undefined` when it is none of ours; `'more'` while the bytes may still become one
 */
export function sniff(head: Uint8Array): Container | 'more' | undefined {
  if (starts(head, EBML)) return 'webm';
  if (starts(head, Buffer.from('OggS'))) return 'ogg';
  if (starts(head, Buffer.from('ID3')) || isMp3Frame(head)) return 'mp3';
  if (starts(head, Buffer.from('RIFF')) && starts(head.subarray(8), Buffer.from('WAVE'))) return 'wav';
  if (starts(head.subarray(4), Buffer.from('ftyp'))) return 'mp4';
  return head.length < SNIFF_BYTES ? 'more' : undefined;
}

/** The header of an MPEG audio frame of layer III (ISO/IEC 11172-3, section 2.4.1.3). */
function isMp3Frame(head: Uint8Array): boolean {
  const [sync, kind, rates] = head;
  if (sync !== 0xff || kind === undefined || rates === undefined) return false;
  const version = (kind >> 3) & 3;
  const layer = (kind >> 1) & 3;
  return (kind & 0xe0) === 0xe0 && version !== 1 && layer === 1 && rates >> 4 !== 15 && ((rates >> 2) & 3) !== 3;
}

function starts(bytes: Uint8Array, expected: Uint8Array): boolean {
  return bytes.length >= expected.length && expected.every((byte, index) => bytes[index] === byte);
}
