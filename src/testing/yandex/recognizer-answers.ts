import { StreamingResponse } from '@yandex-cloud/nodejs-sdk/ai-stt-v3/stt';

import type { Clock } from '../../platform/clock.ts';
import type { HeardWord } from './ear.ts';

export interface RecognizerAnswersOptions {
  readonly uuid: string;
  readonly userRequestId: string;
  readonly clock: Clock;
  readonly receivedMs: () => number;
  readonly write: (response: StreamingResponse) => void;
}

/** What the service answers, each with its cursors: how far it has received, and how far it has understood. */
export class RecognizerAnswers {
  readonly #options: RecognizerAnswersOptions;
  #partialMs = 0;
  #finalMs = 0;
  #finals = 0;
  #eouMs = 0;
  #lastPartial = '';

  constructor(options: RecognizerAnswersOptions) {
    this.#options = options;
  }

  /** When the last partial was due. */
  get partialMs(): number {
    return this.#partialMs;
  }

  status(statusCode: NonNullable<StreamingResponse['statusCode']>): void {
    this.#send({ statusCode });
  }

  /** Only where it says something new. */
  partial(words: readonly HeardWord[]): void {
    this.#partialMs = this.#options.receivedMs();
    const text = textOf(words);
    if (text === '' || text === this.#lastPartial) return;
    this.#lastPartial = text;
    this.#send({ partial: { alternatives: [alternative(words, text)], channelTag: '0' } });
  }

  forgetPartial(): void {
    this.#lastPartial = '';
  }

  /** Final, end of utterance, refinement: in this order. */
  final(
    words: readonly HeardWord[],
    times: { readonly untilMs: number; readonly eouMs: number },
    normalize: ((text: string) => string) | undefined,
  ): void {
    const text = textOf(words);
    const finalIndex = this.#finals++;
    this.#finalMs = times.untilMs;
    const final = alternative(words, text, times.untilMs);
    this.#send({ final: { alternatives: [final], channelTag: '0' } }, finalIndex);
    this.#eouMs = times.eouMs;
    this.#send({ eouUpdate: { timeMs: Math.round(times.eouMs) } }, finalIndex);
    if (!normalize || text === '') return;
    const normalizedText = { alternatives: [{ ...final, text: normalize(text) }], channelTag: '0' };
    this.#send({ finalRefinement: { finalIndex, normalizedText } }, finalIndex);
  }

  #send(event: Partial<StreamingResponse>, finalIndex = Math.max(0, this.#finals - 1)): void {
    const { uuid, userRequestId, clock, receivedMs, write } = this.#options;
    write(
      StreamingResponse.fromPartial({
        sessionUuid: { uuid, userRequestId },
        audioCursors: {
          receivedDataMs: Math.round(receivedMs()),
          partialTimeMs: Math.round(this.#partialMs),
          finalTimeMs: Math.round(this.#finalMs),
          eouTimeMs: Math.round(this.#eouMs),
          finalIndex,
        },
        responseWallTimeMs: clock.now().getTime(),
        channelTag: '0',
        ...event,
      }),
    );
  }
}

function textOf(words: readonly HeardWord[]): string {
  return words.map(({ text }) => text).join(' ');
}

function alternative(words: readonly HeardWord[], text: string, endTimeMs = words.at(-1)?.endMs ?? 0) {
  return {
    words: words.map(({ text: word, startMs, endMs }) => ({ text: word, startTimeMs: startMs, endTimeMs: endMs })),
    text,
    startTimeMs: words[0]?.startMs ?? 0,
    endTimeMs: Math.round(endTimeMs),
    confidence: 0,
    languages: [],
  };
}
