import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { EventReader } from '../../testing/conformance/event-reader.ts';
import { testTutor } from '../../testing/conformance/tutor.ts';
import { type OpenAiServer, startOpenAiServer } from '../../testing/openai/server.ts';
import { captureLog } from '../../testing/yandex/captured-log.ts';
import { EngineError, type TutorRequest } from '../engine.ts';
import { languageModelAccess, type YandexCredentials } from '../yandex/index.ts';
import { createCompatibleTutor } from './index.ts';

const { signal } = new AbortController();
const deadlineMs = 20_000;
const request: TutorRequest = {
  occasion: 'turn',
  heard: 'Я вчера ходил в кино.',
  history: [],
  memory: undefined,
  language: 'ru',
  level: 'beginner',
  instructions: '',
};

describe('a tutor on the model of another vendor', () => {
  let server: OpenAiServer;
  const { log, lines } = captureLog();

  before(async () => void (server = await startOpenAiServer({ otherKeys: ['t1.morning', 't1.evening'] })));
  after(() => server.close());

  function open(credentials: YandexCredentials = { apiKey: server.apiKey }) {
    const access = languageModelAccess({ credentials, folderId: 'b1g2', endpoint: server.baseUrl });
    return createCompatibleTutor({ name: 'yandex', ...access, log });
  }

  describe('as every tutor', () => testTutor(() => ({ tutor: open().tutor, deadlineMs, deterministic: true })));

  test('asks for the folder’s model, and that nothing be kept of it', async () => {
    const thinking = open();
    const events = await new EventReader(thinking.tutor.reply(request, signal), deadlineMs).rest();
    assert.ok(events.some(({ type }) => type === 'usage') && events.some(({ type }) => type === 'text'));
    const { path, body, headers } = server.requests.at(-1)!;
    assert.deepEqual(
      [path, (body as { model?: string }).model, headers['x-data-logging-enabled'], headers['openai-project']],
      ['/v1/chat/completions', 'gpt://b1g2/yandexgpt/latest', 'false', 'b1g2'],
    );
    thinking.close();
  });

  test('fails under its own name, and tells the log neither the key nor what was said', async () => {
    const thinking = open({ apiKey: 'AQVN-wrong' });
    const reply = new EventReader(thinking.tutor.reply(request, signal), deadlineMs).rest();
    await assert.rejects(reply, (error: unknown) => {
      assert.ok(error instanceof EngineError);
      assert.deepEqual([error.engine, error.code, error.retryable], ['yandex', 'engine_rejected', false]);
      assert.doesNotMatch(error.message, /OpenAI/);
      return true;
    });
    assert.ok(lines.some((line) => line.includes('yandex')));
    for (const line of lines) assert.doesNotMatch(line, /AQVN|кино/);
    thinking.close();
  });

  test('is reached by a token as well as by a key, and asks for it with each request: a token lives hours', async () => {
    let iamToken = 't1.morning';
    const thinking = open({ iamToken: () => iamToken });
    const authorizations: unknown[] = [];
    for (const token of ['t1.morning', 't1.evening']) {
      iamToken = token;
      await new EventReader(thinking.tutor.reply(request, signal), deadlineMs).rest();
      authorizations.push(server.requests.at(-1)?.headers.authorization);
    }
    assert.deepEqual(authorizations, ['Bearer t1.morning', 'Bearer t1.evening']);
    thinking.close();
  });

  test('is reached by the whole name of a model', () => {
    const { apiKey, model, baseUrl } = languageModelAccess({
      credentials: { iamToken: 't1.x' },
      folderId: 'b1g2',
      model: 'gpt://other/qwen3/latest',
    });
    assert.deepEqual(
      [apiKey, model, baseUrl],
      ['t1.x', 'gpt://other/qwen3/latest', 'https://llm.api.cloud.yandex.net/v1'],
    );
  });
});
