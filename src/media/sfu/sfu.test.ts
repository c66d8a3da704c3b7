import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import { RtpPacket } from 'werift';
import { AppError } from '../../platform/errors.ts';
import { systemClock } from '../../platform/clock.ts';
import { createSilentLogger } from '../../platform/log.ts';
import { createMetrics } from '../../platform/metrics.ts';
import { within } from '../../testing/caller/deadline.ts';
import { FrameClock } from '../../testing/caller/frame-clock.ts';
import { encodeTone } from '../../testing/caller/opus-recording.ts';
import { parseTransport, type IceParameters } from '../../testing/caller/peer-sdp.ts';
import { ReceivePeer, rtpCapabilities, SendPeer } from '../../testing/caller/peer.ts';
import { mediaWorkerBin } from '../../testing/media-worker.ts';
import type { RtpParametersMessage } from '../protocol.ts';
import type { Caller, CallerCloseReason } from './caller.ts';
import { ICE_CONSENT_TIMEOUT_S } from './connection.ts';
import { SfuWorkers, type SfuOptions } from './workers.ts';

const workerBin = mediaWorkerBin();
const frameClock = new FrameClock();
const DEADLINE_MS = 60_000;

async function startWorkers(context: TestContext | undefined, options: Partial<SfuOptions> = {}): Promise<SfuWorkers> {
  const workers = await SfuWorkers.start({
    count: 1,
    rtcPort: 0,
    listenIp: '127.0.0.1',
    clock: systemClock,
    log: createSilentLogger(),
    metrics: createMetrics('test'),
    ...(workerBin && { workerBin }),
    ...options,
  });
  context?.after(() => workers.close());
  return workers;
}

function hasCode(code: string) {
  return (error: unknown) => error instanceof AppError && error.code === code;
}

function opusTrack(changes: Partial<RtpParametersMessage> = {}): RtpParametersMessage {
  return {
    codecs: [{ mimeType: 'audio/opus', payloadType: 111, clockRate: 48_000, channels: 2 }],
    encodings: [{ ssrc: 4_242 }],
    ...changes,
  };
}

/** A page's part without signaling: both transports connected. */
async function connectPeers(
  caller: Caller,
  protocol: 'udp' | 'tcp',
  onPacket: (packet: {
    header: { ssrc: number; payloadType: number; sequenceNumber: number };
    payload: Buffer;
  }) => void,
): Promise<{ readonly send: SendPeer; readonly receive: ReceivePeer; close(): Promise<void> }> {
  const transports = await caller.openTransports();
  const send = new SendPeer(parseTransport(transports.send, protocol), protocol);
  const { fingerprint, rtpParameters } = await send.offer();
  await caller.connectTransport(send.transportId, { role: 'client', fingerprints: [fingerprint] });
  await caller.produce(send.transportId, 'audio', rtpParameters);
  await send.connect(DEADLINE_MS);
  const consumed = await caller.consume(rtpCapabilities());
  const receive = new ReceivePeer(parseTransport(transports.receive, protocol), protocol, consumed, onPacket);
  await caller.connectTransport(receive.transportId, { role: 'client', fingerprints: [await receive.answer()] });
  await receive.connected(DEADLINE_MS);
  await caller.resumeConsumer();
  return { send, receive, close: async () => void (await Promise.all([send.close(), receive.close()])) };
}

function rtpPacket(
  sequence: number,
  timestamp: number,
  ssrc: number,
  payloadType: number,
  payload: Uint8Array,
): Buffer {
  const packet = Buffer.alloc(12 + payload.length);
  packet[0] = 0x80;
  packet[1] = payloadType;
  packet.writeUInt16BE(sequence & 0xffff, 2);
  packet.writeUInt32BE(timestamp >>> 0, 4);
  packet.writeUInt32BE(ssrc, 8);
  packet.set(payload, 12);
  return packet;
}

/** Sends `frames` both ways and returns the payloads that came out at the other ends. */
async function talk(caller: Caller, protocol: 'udp' | 'tcp', frames: readonly Uint8Array[]) {
  const atServer: Buffer[] = [];
  const atPage: Buffer[] = [];
  const done = Promise.withResolvers<void>();
  const check = () => {
    if (atServer.length >= frames.length && atPage.length >= frames.length) done.resolve();
  };
  const page = await connectPeers(caller, protocol, ({ payload }) => {
    atPage.push(Buffer.from(payload));
    check();
  });
  caller.tap.onPacket((packet) => {
    atServer.push(Buffer.from(RtpPacket.deSerialize(packet).payload));
    check();
  });
  let index = 0;
  const stop = frameClock.every20Ms(() => {
    const frame = frames[index];
    if (!frame) return;
    page.send.send(index, index * 960, index === 0, frame);
    caller.tap.send(rtpPacket(index, index * 960, caller.tap.ssrc, caller.tap.payloadType, frame));
    index++;
  });
  try {
    await within(done.promise, DEADLINE_MS, 'every frame in both directions');
  } finally {
    stop();
    await page.close();
  }
  return { atServer, atPage };
}

function nextClosing(caller: Caller): Promise<CallerCloseReason> {
  const { promise, resolve } = Promise.withResolvers<CallerCloseReason>();
  caller.on('closed', ({ reason }) => resolve(reason));
  return within(promise, DEADLINE_MS, 'closed');
}

describe('a call through the media server', () => {
  const frames = encodeTone(400);
  const expected = frames.map((frame) => Buffer.from(frame));

  for (const protocol of ['udp', 'tcp'] as const) {
    it(`carries each frame of two callers at once both ways over ${protocol}`, async (context) => {
      const workers = await startWorkers(context);
      const callers = await Promise.all([workers.createCaller(), workers.createCaller()]);
      const heard = await Promise.all(callers.map((caller) => talk(caller, protocol, frames)));
      for (const { atServer, atPage } of heard) {
        assert.deepEqual(atServer, expected);
        assert.deepEqual(atPage, expected);
      }
    });
  }

  it('says when it is connected, and that it is not when the page has been silent for the consent timeout', async (context) => {
    const workers = await startWorkers(context);
    const caller = await workers.createCaller();
    const connected = Promise.withResolvers<void>();
    const disconnected = Promise.withResolvers<void>();
    caller.on('connected', () => connected.resolve());
    caller.on('disconnected', () => disconnected.resolve());
    assert.equal(caller.connected, false);
    const page = await connectPeers(caller, 'udp', () => {});
    await within(connected.promise, DEADLINE_MS, 'connected');
    assert.equal(caller.connected, true);
    await page.close();
    await within(disconnected.promise, (ICE_CONSENT_TIMEOUT_S + 10) * 1_000, 'disconnected');
    assert.equal(caller.connected, false);
    assert.equal(caller.closed, false);
  });

  it('goes on after an ICE restart of both transports', async (context) => {
    const workers = await startWorkers(context);
    const caller = await workers.createCaller();
    const atPage: number[] = [];
    const heard = Promise.withResolvers<void>();
    const page = await connectPeers(caller, 'udp', ({ header }) => {
      atPage.push(header.sequenceNumber);
      if (atPage.length >= 3) heard.resolve();
    });
    context.after(() => page.close());
    for (const peer of [page.send, page.receive]) {
      const ice = (await caller.restartIce(peer.transportId)) as IceParameters;
      await peer.restartIce(ice, DEADLINE_MS);
    }
    let sequence = 0;
    const stop = frameClock.every20Ms(() => {
      caller.tap.send(
        rtpPacket(sequence, sequence * 960, caller.tap.ssrc, caller.tap.payloadType, Buffer.from([1, 2, 3])),
      );
      sequence++;
    });
    context.after(stop);
    await within(heard.promise, DEADLINE_MS, 'packets after the restart');
    assert.equal(caller.connected, true);
  });

  it('keeps the tap when the page asks for new transports, and closes the old ones', async (context) => {
    const workers = await startWorkers(context);
    const caller = await workers.createCaller();
    const { ssrc } = caller.tap;
    const first = await talk(caller, 'udp', frames.slice(0, 3));
    const old = await caller.openTransports();
    const second = await talk(caller, 'udp', frames.slice(0, 3));
    assert.deepEqual(first.atServer, second.atServer);
    assert.equal(caller.tap.ssrc, ssrc);
    await assert.rejects(caller.restartIce(old.send.id), hasCode('transport_not_found'));
  });
});

describe('what a page may not do', () => {
  let workers: SfuWorkers;
  before(async () => {
    workers = await startWorkers(undefined);
  });
  after(() => workers.close());

  const fingerprints = [{ algorithm: 'sha-256' as const, value: Array.from({ length: 32 }, () => 'AB').join(':') }];

  it('asks for anything before the transports are open', async () => {
    const caller = await workers.createCaller();
    await assert.rejects(caller.connectTransport('x', { fingerprints }), hasCode('transports_not_open'));
    await assert.rejects(caller.produce('x', 'audio', opusTrack()), hasCode('transports_not_open'));
    await assert.rejects(caller.consume(rtpCapabilities()), hasCode('transports_not_open'));
    await assert.rejects(caller.resumeConsumer(), hasCode('transports_not_open'));
    await assert.rejects(caller.restartIce('x'), hasCode('transports_not_open'));
  });

  it('names a transport that is not its own', async () => {
    const caller = await workers.createCaller();
    const stranger = await workers.createCaller();
    await caller.openTransports();
    const { send } = await stranger.openTransports();
    await assert.rejects(caller.connectTransport(send.id, { fingerprints }), hasCode('transport_not_found'));
    await assert.rejects(caller.produce(send.id, 'audio', opusTrack()), hasCode('transport_not_found'));
    await assert.rejects(caller.restartIce('__proto__'), hasCode('transport_not_found'));
  });

  it('connects a transport twice, also at the same time', async () => {
    const caller = await workers.createCaller();
    const { send } = await caller.openTransports();
    const results = await Promise.allSettled([
      caller.connectTransport(send.id, { role: 'client', fingerprints }),
      caller.connectTransport(send.id, { role: 'client', fingerprints }),
    ]);
    assert.deepEqual(results.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
    await assert.rejects(caller.connectTransport(send.id, { fingerprints }), hasCode('transport_already_connected'));
  });

  it('produces video, other codecs, the wrong way or a second track', async () => {
    const caller = await workers.createCaller();
    const { send, receive } = await caller.openTransports();
    const pcmu = { mimeType: 'audio/PCMU', payloadType: 0, clockRate: 8_000 };
    await assert.rejects(caller.produce(send.id, 'video', opusTrack()), hasCode('track_kind_unsupported'));
    await assert.rejects(caller.produce(receive.id, 'audio', opusTrack()), hasCode('transport_wrong_direction'));
    await assert.rejects(caller.produce(send.id, 'audio', opusTrack({ codecs: [pcmu] })), hasCode('codec_unsupported'));
    await assert.rejects(
      caller.produce(send.id, 'audio', opusTrack({ codecs: [...opusTrack().codecs, pcmu] })),
      hasCode('codec_unsupported'),
    );
    const results = await Promise.allSettled([
      caller.produce(send.id, 'audio', opusTrack()),
      caller.produce(send.id, 'audio', opusTrack({ encodings: [{ ssrc: 4_343 }] })),
    ]);
    assert.deepEqual(results.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
    await assert.rejects(caller.produce(send.id, 'audio', opusTrack()), hasCode('track_already_produced'));
  });

  it('may try to produce again after a refusal', async () => {
    const caller = await workers.createCaller();
    const { send } = await caller.openTransports();
    // Neither an SSRC nor a MID: packets could not be told to belong to this track.
    const nameless = opusTrack({ encodings: [{}] });
    await assert.rejects(caller.produce(send.id, 'audio', nameless), hasCode('parameters_invalid'));
    assert.equal(typeof (await caller.produce(send.id, 'audio', opusTrack())), 'string');
  });

  it('consumes without Opus, twice, or resumes before', async () => {
    const caller = await workers.createCaller();
    await caller.openTransports();
    await assert.rejects(caller.resumeConsumer(), hasCode('track_not_consumed'));
    await assert.rejects(caller.consume({ codecs: [] }), hasCode('codec_unsupported'));
    await caller.consume(rtpCapabilities());
    await assert.rejects(caller.consume(rtpCapabilities()), hasCode('track_already_consumed'));
    await caller.resumeConsumer();
    await caller.resumeConsumer();
  });

  it('asks for transports twice at once: the later ones stand', async () => {
    const caller = await workers.createCaller();
    const [first, second] = await Promise.allSettled([caller.openTransports(), caller.openTransports()]);
    assert.equal(first.status, 'rejected');
    assert.ok(hasCode('transports_replaced')(first.reason));
    assert.equal(second.status, 'fulfilled');
    await caller.restartIce(second.value.send.id);
  });

  it('uses a caller that has been closed', async () => {
    const caller = await workers.createCaller();
    const reason = nextClosing(caller);
    const opening = caller.openTransports();
    caller.close();
    caller.close();
    assert.equal(await reason, 'closed');
    await assert.rejects(opening, hasCode('sfu_closed'));
    await assert.rejects(caller.openTransports(), hasCode('sfu_closed'));
    caller.tap.send(Buffer.alloc(20));
    assert.equal(caller.tap.stats.packetsUnsent, 1);
  });
});

describe('the media workers', () => {
  it('share the callers evenly', async (context) => {
    const workers = await startWorkers(context, { count: 2 });
    await Promise.all(Array.from({ length: 6 }, () => workers.createCaller()));
    const usage = await workers.usage();
    assert.deepEqual(
      usage.map(({ callers }) => callers),
      [3, 3],
    );
    assert.equal(new Set(usage.map(({ port }) => port)).size, 2);
  });

  it('end the callers of a dead worker with a reason, and a new worker serves on the same port', async (context) => {
    const metrics = createMetrics('test');
    const probe = await startWorkers(undefined);
    const port = (await probe.usage())[0]?.port ?? 0;
    await probe.close();
    const workers = await startWorkers(context, { metrics, rtcPort: port });
    const callers = await Promise.all([workers.createCaller(), workers.createCaller()]);
    const page = await connectPeers(callers[0], 'udp', () => {});
    context.after(() => page.close());
    const closings = Promise.all(callers.map(nextClosing));
    const died = Promise.withResolvers<{ pid: number; callers: number }>();
    const replaced = Promise.withResolvers<void>();
    workers.on('worker_died', died.resolve);
    workers.on('worker_replaced', () => replaced.resolve());

    const pid = (await workers.usage())[0]?.pid ?? 0;
    process.kill(pid, 'SIGKILL');

    assert.deepEqual(await within(died.promise, DEADLINE_MS, 'worker_died'), { pid, callers: 2 });
    assert.deepEqual(await closings, ['worker_died', 'worker_died']);
    await assert.rejects(callers[0].openTransports(), hasCode('sfu_closed'));
    callers[0].tap.send(Buffer.alloc(20));
    await within(replaced.promise, DEADLINE_MS, 'worker_replaced');

    const [usage] = await workers.usage();
    assert.notEqual(usage?.pid, pid);
    assert.equal(usage?.port, port);
    const frames = encodeTone(100);
    const { atServer } = await talk(await workers.createCaller(), 'udp', frames);
    assert.equal(atServer.length, frames.length);
    const text = await metrics.metrics();
    assert.match(text, new RegExp(`ailingva_sfu_packets_heard_total\\{[^}]*\\} ${frames.length}\n`));
    assert.match(text, new RegExp(`ailingva_sfu_packets_sent_total\\{[^}]*\\} ${frames.length}\n`));
    assert.match(text, /ailingva_sfu_worker_deaths_total\{[^}]*\} 1\n/);
    assert.match(text, /ailingva_sfu_callers\{[^}]*\} 1\n/);
    assert.match(text, /ailingva_sfu_workers\{[^}]*\} 1\n/);
  });

  it('refuse callers while none of them runs', async (context) => {
    // A clock that never comes to the restart.
    const clock = { ...systemClock, after: () => ({ cancel: () => {} }) };
    const workers = await startWorkers(context, { clock });
    const died = Promise.withResolvers<unknown>();
    workers.on('worker_died', died.resolve);
    process.kill((await workers.usage())[0]?.pid ?? 0, 'SIGKILL');
    await within(died.promise, DEADLINE_MS, 'worker_died');
    await assert.rejects(workers.createCaller(), hasCode('no_media_worker'));
    assert.deepEqual(await workers.usage(), []);
  });

  it('close their callers, wait for the processes, and may be closed twice', async () => {
    const workers = await startWorkers(undefined, { count: 2 });
    const pids = (await workers.usage()).map(({ pid }) => pid);
    const closing = nextClosing(await workers.createCaller());
    await Promise.all([workers.close(), workers.close()]);
    assert.equal(await closing, 'sfu_closed');
    for (const pid of pids) assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
    await assert.rejects(workers.createCaller(), hasCode('sfu_closed'));
  });

  it('leave SIGTERM and SIGINT to the process', async (context) => {
    const listeners = [process.listenerCount('SIGTERM'), process.listenerCount('SIGINT')];
    await startWorkers(context, { count: 2 });
    assert.deepEqual([process.listenerCount('SIGTERM'), process.listenerCount('SIGINT')], listeners);
  });

  it('say so when the program is missing, the port is taken or the address cannot be announced', async (context) => {
    await assert.rejects(
      startWorkers(context, { workerBin: '/nonexistent/mediasoup-worker' }),
      hasCode('sfu_worker_failed'),
    );
    await assert.rejects(startWorkers(context, { listenIp: '0.0.0.0' }), hasCode('announced_address_missing'));
    const workers = await startWorkers(context);
    const rtcPort = (await workers.usage())[0]?.port ?? 0;
    await assert.rejects(startWorkers(context, { rtcPort }), hasCode('sfu_worker_failed'));
  });
});
