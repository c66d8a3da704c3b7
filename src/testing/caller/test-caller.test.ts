import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it, type TestContext } from 'node:test';
import { RtpHeader, RtpPacket } from 'werift';
import type { CallClient, PageMedia, SignaledCall } from '../../media/call/call-port.ts';
import type { JoinAnswer } from '../../media/protocol.ts';
import type { Caller } from '../../media/sfu/caller.ts';
import { SfuWorkers } from '../../media/sfu/workers.ts';
import { SignalingServer } from '../../media/signaling/server.ts';
import { systemClock } from '../../platform/clock.ts';
import { createSilentLogger } from '../../platform/log.ts';
import { createMetrics } from '../../platform/metrics.ts';
import { mediaWorkerBin } from '../media-worker.ts';
import { encodeRoomNoise, encodeTone } from './opus-recording.ts';
import { RefusedError } from './signaling-client.ts';
import { TestCaller, type TestCallerOptions } from './test-caller.ts';

/** A call that says back what it hears: signaling and media server are real, there is no conversation. */
class EchoCall implements SignaledCall, PageMedia {
  readonly id: string;
  readonly media = this;
  readonly caller: Caller;
  #client: CallClient | undefined;
  #sequence = 0;

  constructor(id: string, caller: Caller) {
    this.id = id;
    this.caller = caller;
    const { tap } = caller;
    tap.onPacket((packet) => {
      const { header, payload } = RtpPacket.deSerialize(packet);
      const { timestamp, marker } = header;
      // One stream of its own, as a sender has to keep it: another page's numbers would be a leap.
      const sequenceNumber = this.#sequence++ & 0xffff;
      const own = { sequenceNumber, timestamp, marker, ssrc: tap.ssrc, payloadType: tap.payloadType };
      tap.send(new RtpPacket(new RtpHeader(own), payload).serialize());
    });
  }

  async join(client: CallClient, { keepTransports }: { readonly keepTransports: boolean }): Promise<JoinAnswer> {
    const resumed = this.#client !== undefined;
    this.#client = client;
    return {
      call_id: this.id,
      resumed,
      router_rtp_capabilities: this.caller.routerRtpCapabilities,
      ice_servers: [],
      transports: keepTransports ? null : await this.caller.openTransports(),
      language: 'en',
      engines: { stt: 'none', tutor: 'none', tts: 'none' },
      captions: [],
      talked_ms: 0,
      left_ms: 60_000,
      recording: false,
    };
  }
  detach(): void {}
  connectTransport: PageMedia['connectTransport'] = (...given) => this.caller.connectTransport(...given);
  produce: PageMedia['produce'] = (...given) => this.caller.produce(...given);
  consume: PageMedia['consume'] = (...given) => this.caller.consume(...given);
  resumeConsumer = () => this.caller.resumeConsumer();
  restartIce = (transportId: string) => this.caller.restartIce(transportId);
  setMuted(): void {}
  openSocketVoice(): never {
    throw new Error('This call has no voice over the socket');
  }
  hearSocketVoice(): void {}
  socketVoicePlayed(): void {}
  closeSocketVoice(): void {}
  async hangUp(): Promise<void> {
    this.caller.close();
    this.#client?.send('call:ended', { reason: 'hang_up', talked_ms: 0 });
  }
}

describe('the test caller', () => {
  const httpServer = createServer();
  const clock = systemClock;
  const log = createSilentLogger();
  const metrics = createMetrics('test');
  const calls = new Map<string, EchoCall>();
  const frames = encodeTone(300);
  let sfu: SfuWorkers;
  let signaling: SignalingServer;

  before(async () => {
    const workerBin = mediaWorkerBin();
    sfu = await SfuWorkers.start({
      count: 1,
      rtcPort: 0,
      listenIp: '127.0.0.1',
      clock,
      log,
      metrics,
      ...(workerBin !== undefined && { workerBin }),
    });
    httpServer.listen(0, '127.0.0.1');
    await once(httpServer, 'listening');
    signaling = SignalingServer.attach({
      httpServer,
      path: '/rtc/test/socket.io',
      verifyToken: async (token) => ({ callId: token, userId: token }),
      calls: {
        async admit(callId) {
          const call = calls.get(callId) ?? new EchoCall(callId, await sfu.createCaller());
          calls.set(callId, call);
          return call;
        },
      },
      clock,
      log,
      metrics,
    });
  });
  after(async () => {
    await signaling.close();
    await sfu.close();
    httpServer.close();
    await once(httpServer, 'close');
  });

  async function dial(context: TestContext, options: Partial<TestCallerOptions> = {}): Promise<TestCaller> {
    const { port } = httpServer.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}`;
    const caller = await TestCaller.dial({ url, path: '/rtc/test/socket.io', token: context.name, ...options });
    context.after(() => caller.close());
    return caller;
  }

  const payloadsOf = (caller: TestCaller) => caller.received.packets.map(({ payload }) => Buffer.from(payload));
  const expected = frames.map((frame) => Buffer.from(frame));

  for (const protocol of ['udp', 'tcp'] as const) {
    it(`speaks over ${protocol} and hears each of its frames again`, async (context) => {
      const caller = await dial(context, { protocol });
      await caller.speak(frames);
      await caller.hear(frames.length);
      assert.deepEqual(payloadsOf(caller), expected);
      assert.deepEqual(caller.received.summary, {
        packets: frames.length,
        lost: 0,
        duplicates: 0,
        reordered: 0,
      });
      const [first, second] = caller.received.packets;
      assert.equal(((second?.timestamp ?? 0) - (first?.timestamp ?? 0)) | 0, 960);
      assert.equal(first?.marker, true);
      assert.equal(second?.marker, false);
    });
  }

  it('sends the sound of its room while it says nothing', async (context) => {
    const background = encodeRoomNoise(100);
    const caller = await dial(context, { background });
    await caller.hear(background.length);
    const noise = new Set(background.map((frame) => Buffer.from(frame).toString('hex')));
    assert.ok(payloadsOf(caller).every((payload) => noise.has(payload.toString('hex'))));
  });

  it('keeps its media while signaling is away, and comes back with the same transports', async (context) => {
    const caller = await dial(context);
    caller.speakForEver(frames);
    await caller.hear(3);
    caller.dropSignaling();
    await caller.hear(caller.received.count + 5);
    const answer = await caller.returnSignaling();
    assert.equal(answer.transports, null);
    assert.equal(answer.resumed, true);
    await caller.hear(caller.received.count + 3);
  });

  it('goes on after an ICE restart', async (context) => {
    const caller = await dial(context);
    caller.speakForEver(frames);
    await caller.hear(3);
    await caller.restartIce();
    await caller.hear(caller.received.count + 20);
  });

  it('gets new transports when it comes back without the old ones', async (context) => {
    const first = await dial(context);
    await first.speak(frames);
    await first.hear(frames.length);
    await first.close();
    const second = await dial(context);
    assert.equal(second.joined.resumed, true);
    await second.speak(frames);
    await second.hear(frames.length);
  });

  it('hangs up, and is told so', async (context) => {
    const caller = await dial(context);
    await caller.hangUp();
    assert.equal((await caller.signaling.event('call:ended')).reason, 'hang_up');
    await assert.rejects(
      caller.signaling.request('track:resume', {}),
      (error: unknown) => error instanceof RefusedError && error.code === 'sfu_closed',
    );
  });
});
