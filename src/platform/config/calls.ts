import { hostname } from 'node:os';
import { z } from 'zod';
import { count, folder, port, webAddress, type Basics, type Problem, type Values } from './values.ts';

/** The media process: where its audio and its signaling are reached, and what it works with. */

const ipAddress = z.union([z.ipv4(), z.ipv6()], 'must be an IP address');

const iceServer = z.strictObject({
  urls: z.union([z.string(), z.array(z.string()).min(1)]),
  username: z.string().optional(),
  credential: z.string().optional(),
});
type IceServer = z.infer<typeof iceServer>;

/** JSON as `RTCConfiguration.iceServers` takes it, or plain `stun:` and `turn:` addresses between commas. */
const iceServers = z.string().transform((value, context): IceServer[] => {
  const text = value.trim();
  if (!text.startsWith('[')) {
    const urls = text.split(',').map((part) => part.trim());
    if (urls.every((url) => /^(stun|turn)s?:\S+$/.test(url))) return urls.map((url) => ({ urls: url }));
  } else {
    const parsed = z.array(iceServer).safeParse(parseJson(text));
    if (parsed.success) return parsed.data;
  }
  context.addIssue('must be stun: and turn: addresses between commas, or a JSON array of {urls, username, credential}');
  return z.NEVER;
});

export const callVariables = {
  RTC_PORT: count(1024, 65_535).default(44_444),
  RTC_LISTEN_IP: ipAddress.optional(),
  RTC_ANNOUNCED_ADDRESS: z
    .string()
    .regex(/^[A-Za-z0-9.:-]{1,253}$/, 'must be an IP address or a host name')
    .optional(),
  ICE_SERVERS: iceServers.default([]),

  MEDIA_PROCESSES: count(1, 64).default(1),
  MEDIA_NODE_ID: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be lower-case letters, digits and hyphens')
    .optional(),
  MEDIA_HOST: z.string().default('127.0.0.1'),
  MEDIA_PORT: port.default(0),
  MEDIA_URL: webAddress.optional(),
  MEDIA_CAPACITY: count(1, 10_000).default(100),
  MEDIA_DRAIN_SECONDS: count(0, 86_400).optional(),
  MEDIASOUP_WORKER_BIN: folder.optional(),
  OPUS_ADDON: folder.optional(),
  FFMPEG_BIN: z.string().optional(),
};

type Variables = Values<typeof callVariables>;

export function callProblems(v: Variables): Problem[] {
  const problems: Problem[] = [];
  // Every address of the machine is none that a browser could be told.
  if ((v.RTC_LISTEN_IP === '0.0.0.0' || v.RTC_LISTEN_IP === '::') && v.RTC_ANNOUNCED_ADDRESS === undefined) {
    problems.push({
      variable: 'RTC_ANNOUNCED_ADDRESS',
      problem: `must be set when RTC_LISTEN_IP is ${v.RTC_LISTEN_IP}`,
    });
  }
  if (v.RTC_PORT + v.MEDIA_PROCESSES - 1 > 65_535) {
    problems.push({ variable: 'RTC_PORT', problem: 'leaves no ports for MEDIA_PROCESSES' });
  }
  return problems;
}

export function arrangeCalls(v: Variables, { production }: Basics) {
  return {
    rtc: {
      port: v.RTC_PORT,
      listenIp: v.RTC_LISTEN_IP ?? (v.RTC_ANNOUNCED_ADDRESS === undefined ? '127.0.0.1' : '0.0.0.0'),
      announcedAddress: v.RTC_ANNOUNCED_ADDRESS,
      iceServers: v.ICE_SERVERS,
    },
    media: {
      processes: v.MEDIA_PROCESSES,
      nodeId: v.MEDIA_NODE_ID ?? nodeIdOf(hostname()),
      /** Where the media process itself listens for signaling; 0 lets the system choose. */
      host: v.MEDIA_HOST,
      port: v.MEDIA_PORT,
      /** How the web process reaches it; without it, the address that it listens on. */
      url: v.MEDIA_URL,
      capacity: v.MEDIA_CAPACITY,
      /** How long live calls may go on after SIGTERM. */
      drainMs: (v.MEDIA_DRAIN_SECONDS ?? (production ? 600 : 0)) * 1000,
      workerBin: v.MEDIASOUP_WORKER_BIN,
      opusAddon: v.OPUS_ADDON,
      /** A name on the PATH, or a path. */
      ffmpegBin: v.FFMPEG_BIN,
    },
  };
}

function nodeIdOf(host: string): string {
  const id = host
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 63);
  return id === '' ? 'media' : id;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
