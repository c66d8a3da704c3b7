import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { connectYandex, sayTo } from '../../testing/yandex/connected-yandex.ts';
import { createSilentLogger } from '../../platform/log.ts';
import { startYandexServer } from '../../testing/yandex/yandex-server.ts';
import { parseEndpoint } from './endpoint.ts';
import { createYandex } from './index.ts';

describe('an endpoint', () => {
  test('is spoken to over TLS', () => {
    assert.deepEqual(parseEndpoint('stt.api.cloud.yandex.net:443'), {
      address: 'stt.api.cloud.yandex.net:443',
      encrypted: true,
    });
    assert.deepEqual(parseEndpoint('example.com'), { address: 'example.com:443', encrypted: true });
    assert.deepEqual(parseEndpoint('https://example.com:8443'), { address: 'example.com:8443', encrypted: true });
  });

  test('is plain text on this machine alone', () => {
    assert.deepEqual(parseEndpoint('http://127.0.0.1:5000'), { address: '127.0.0.1:5000', encrypted: false });
    assert.deepEqual(parseEndpoint('http://localhost:5000'), { address: 'localhost:5000', encrypted: false });
    for (const text of ['http://example.com:80', 'http://127.0.0.1.example.com:80', 'http://10.0.0.1:50051']) {
      assert.throws(() => parseEndpoint(text), { code: 'config_invalid' });
    }
  });

  test('on this machine is asked without the proxy that leads out of the house', async (t) => {
    const before = process.env['grpc_proxy'];
    t.after(() => {
      if (before === undefined) delete process.env['grpc_proxy'];
      else process.env['grpc_proxy'] = before;
    });
    // A port that nobody may listen on.
    process.env['grpc_proxy'] = 'http://127.0.0.1:1';
    const { listen } = await connectYandex(t);
    const { stream, reader } = listen();
    await sayTo(stream, new Int16Array(320));
    await reader.until('final');
  });

  test('that is none is refused when the engines are made', () => {
    for (const text of ['', 'a b', 'https://example.com/path', 'key@example.com']) {
      assert.throws(() => createYandex({ apiKey: 'key', sttEndpoint: text, log: createSilentLogger() }), {
        code: 'config_invalid',
      });
    }
  });
});

describe('the credentials', () => {
  test('a token is sent as a bearer, and asked for anew for each call', async (t) => {
    const server = await startYandexServer({ keys: ['token-1', 'token-2'] });
    const { endpoint } = server;
    let asked = 0;
    const iamToken = () => `token-${++asked}`;
    const log = createSilentLogger();
    const yandex = createYandex({ iamToken, sttEndpoint: endpoint, ttsEndpoint: endpoint, log });
    t.after(async () => {
      await yandex.close();
      await server.close();
    });
    const { signal } = new AbortController();
    for (let i = 0; i < 2; i++) {
      let samples = 0;
      for await (const event of yandex.textToSpeech.synthesize({ text: 'Да.', language: 'ru', rate: 1 }, signal)) {
        if (event.type === 'audio') samples += event.samples.length;
      }
      assert.ok(samples > 0);
    }
    await assert.rejects(
      async () => {
        for await (const _ of yandex.textToSpeech.synthesize({ text: 'Да.', language: 'ru', rate: 1 }, signal))
          continue;
      },
      { code: 'engine_rejected' },
    );
    assert.equal(asked, 3);
  });

  test('a request has an id of its own', async (t) => {
    const { server, listen } = await connectYandex(t);
    const streams = [listen(), listen()];
    for (const { stream } of streams) {
      stream.startUtterance(0);
      stream.write(new Int16Array(320));
      stream.endUtterance();
    }
    for (const { reader } of streams) await reader.until('final');
    const ids = server.recognitions.map(({ requestId }) => requestId);
    assert.equal(new Set(ids).size, 2);
    assert.ok(ids.every((id) => /^[0-9a-f-]{36}$/.test(id)));
  });
});
