import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { describe, it, type TestContext } from 'node:test';
import { createWorker, type types } from 'mediasoup';
import { type Browser, chromium } from 'playwright-core';
import { mediaWorkerBin } from '../../src/testing/media-worker.ts';

/**
 * The worker that the set-up fetched or built is a program of its own, linked with the system's OpenSSL and libsrtp. That
 * it starts does not say that it can encrypt: a browser does.
 */

const DEADLINE_MS = 30_000;

const OPUS: types.RouterRtpCodecCapability = {
  kind: 'audio',
  mimeType: 'audio/opus',
  preferredPayloadType: 111,
  clockRate: 48_000,
  channels: 2,
};

async function startWorker(test: TestContext): Promise<types.Worker> {
  const workerBin = mediaWorkerBin();
  const worker = await createWorker({ logLevel: 'warn', ...(workerBin === undefined ? {} : { workerBin }) });
  test.after(() => worker.close());
  return worker;
}

async function startBrowser(test: TestContext): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: process.env['CHROMIUM_BIN'] ?? '/usr/bin/chromium',
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      // A machine without a network has no other way for calls.
      '--allow-loopback-in-peer-connection',
      '--use-fake-ui-for-media-stream',
      '--use-fake-device-for-media-stream',
    ],
  });
  test.after(() => browser.close());
  return browser;
}

/** The page: a connection that sends the microphone. */
const PAGE = `<!doctype html><title>call</title><script>
  const connection = new RTCPeerConnection();
  async function offerMicrophone() {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    connection.addTransceiver(stream.getAudioTracks()[0], { direction: 'sendonly', streams: [stream] });
    await connection.setLocalDescription();
    return connection.localDescription.sdp;
  }
  const accept = (sdp) => connection.setRemoteDescription({ type: 'answer', sdp });
</script>`;

/** A page of 127.0.0.1: only such a one, or one by TLS, gets a microphone. */
async function openPage(test: TestContext, browser: Browser) {
  const server = createServer((_request, response) => response.setHeader('content-type', 'text/html').end(PAGE));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  test.after(() => server.close());
  const address = server.address();
  assert(typeof address === 'object' && address !== null);
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${address.port}/`);
  return page;
}

/** The transport's side of the negotiation, as a browser reads it (RFC 8829). */
function answerFor(transport: types.WebRtcTransport, setup: 'active' | 'passive'): string {
  const { iceParameters, iceCandidates, dtlsParameters } = transport;
  const fingerprint = dtlsParameters.fingerprints.find(({ algorithm }) => algorithm === 'sha-256');
  assert(fingerprint !== undefined);
  return [
    'v=0',
    'o=- 1 1 IN IP4 127.0.0.1',
    's=-',
    't=0 0',
    'a=ice-lite',
    'a=group:BUNDLE 0',
    'm=audio 9 UDP/TLS/RTP/SAVPF 111',
    'c=IN IP4 127.0.0.1',
    'a=mid:0',
    'a=recvonly',
    'a=rtcp-mux',
    'a=rtpmap:111 opus/48000/2',
    `a=ice-ufrag:${iceParameters.usernameFragment}`,
    `a=ice-pwd:${iceParameters.password}`,
    `a=fingerprint:sha-256 ${fingerprint.value}`,
    `a=setup:${setup}`,
    ...iceCandidates.map(
      (c) => `a=candidate:${c.foundation} 1 ${c.protocol} ${c.priority} ${c.address} ${c.port} typ host`,
    ),
    'a=end-of-candidates',
    '',
  ].join('\r\n');
}

function attribute(sdp: string, pattern: RegExp): string {
  const found = pattern.exec(sdp)?.[1];
  assert(found !== undefined, `the offer has no ${pattern.source}`);
  return found;
}

describe('the mediasoup worker of the set-up', () => {
  it('starts, answers, and is of the version of the package', async (test) => {
    const worker = await startWorker(test);
    assert(worker.pid > 0);
    const usage = await worker.getResourceUsage();
    assert(usage.ru_maxrss > 0);
    const router = await worker.createRouter({ mediaCodecs: [OPUS] });
    assert.equal(router.rtpCapabilities.codecs?.[0]?.mimeType, 'audio/opus');
  });

  for (const { role, browserRole, setup } of [
    { role: 'server', browserRole: 'client', setup: 'passive' },
    { role: 'client', browserRole: 'server', setup: 'active' },
  ] as const) {
    it(`shakes hands with Chromium as the DTLS ${role}, and hears its microphone`, async (test) => {
      const worker = await startWorker(test);
      const died = once(worker, 'died').then(() => assert.fail('the worker died in the handshake'));
      died.catch(() => {});
      const router = await worker.createRouter({ mediaCodecs: [OPUS] });
      const transport = await router.createWebRtcTransport({ listenInfos: [{ protocol: 'udp', ip: '127.0.0.1' }] });
      const page = await openPage(test, await startBrowser(test));

      const offer = await page.evaluate<string>('offerMicrophone()');
      const producing = transport.produce({
        kind: 'audio',
        rtpParameters: {
          codecs: [{ mimeType: 'audio/opus', payloadType: 111, clockRate: 48_000, channels: 2 }],
          encodings: [{ ssrc: Number(attribute(offer, /^a=ssrc:(\d+)/m)) }],
        },
      });
      await transport.connect({
        dtlsParameters: {
          role: browserRole,
          fingerprints: [{ algorithm: 'sha-256', value: attribute(offer, /^a=fingerprint:sha-256 (\S+)/m) }],
        },
      });
      const ear = await router.createDirectTransport();
      const consumer = await ear.consume({ producerId: (await producing).id, rtpCapabilities: router.rtpCapabilities });
      const signal = AbortSignal.timeout(DEADLINE_MS);
      const heard = once(consumer, 'rtp', { signal });

      await page.evaluate(`accept(${JSON.stringify(answerFor(transport, setup))})`);
      const [packet] = await Promise.race([heard, died]);

      assert.equal(transport.dtlsState, 'connected');
      assert(Buffer.isBuffer(packet) && packet.length > 12, 'an RTP packet with something in it, decrypted');
      assert.equal(worker.died, false);
    });
  }
});
