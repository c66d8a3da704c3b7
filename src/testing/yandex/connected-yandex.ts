import type { TestContext } from 'node:test';

import type { Clock } from '../../platform/clock.ts';
import { createSilentLogger, type Logger } from '../../platform/log.ts';
import {
  ENGINE_FRAME_SAMPLES,
  type Language,
  type TranscriptionEvent,
  type TranscriptionStream,
} from '../../speech/engine.ts';
import { createYandex, type Yandex, type YandexOptions } from '../../speech/yandex/index.ts';
import { EventReader } from '../conformance/event-reader.ts';
import { LivedClock } from '../lived-clock.ts';
import { startYandexServer, type YandexServer, type YandexServerOptions } from './yandex-server.ts';

const EVENT_DEADLINE_MS = 30_000;

export interface ConnectedYandex {
  readonly server: YandexServer;
  readonly yandex: Yandex;
  readonly listen: (language?: Language) => Listening;
}

export interface Listening {
  readonly stream: TranscriptionStream;
  readonly reader: EventReader<TranscriptionEvent>;
}

/** The engines and the server that they speak to, for the time of a test. */
export async function connectYandex(
  t: TestContext,
  options: {
    readonly server?: YandexServerOptions;
    readonly recognition?: YandexOptions['recognition'];
    readonly synthesis?: YandexOptions['synthesis'];
    readonly apiKey?: string;
    readonly clock?: Clock;
    readonly log?: Logger;
  } = {},
): Promise<ConnectedYandex> {
  const {
    apiKey = 'key',
    clock = new LivedClock(),
    log = createSilentLogger(),
    recognition = {},
    synthesis = {},
  } = options;
  const server = await startYandexServer({ clock: new LivedClock(), ...options.server });
  const yandex = createYandex({
    apiKey,
    sttEndpoint: server.endpoint,
    ttsEndpoint: server.endpoint,
    log,
    recognition,
    synthesis,
    clock,
  });
  t.after(async () => {
    await yandex.close();
    await server.close();
  });
  return {
    server,
    yandex,
    listen(language = 'en') {
      const stream = yandex.speechToText.open({ language, signal: new AbortController().signal });
      return { stream, reader: new EventReader(stream.events, EVENT_DEADLINE_MS) };
    },
  };
}

/** Writes frames faster than spoken, with turns of the event loop between them as real time would give many more. */
export async function writeFrames(stream: TranscriptionStream, samples: Int16Array): Promise<void> {
  for (let from = 0; from + ENGINE_FRAME_SAMPLES <= samples.length; from += ENGINE_FRAME_SAMPLES) {
    stream.write(samples.subarray(from, from + ENGINE_FRAME_SAMPLES));
    if (from % (ENGINE_FRAME_SAMPLES * 4) === 0) await new Promise((resolve) => setImmediate(resolve));
  }
}

/** One utterance. */
export async function sayTo(stream: TranscriptionStream, samples: Int16Array): Promise<void> {
  stream.startUtterance(0);
  await writeFrames(stream, samples);
  stream.endUtterance();
}
