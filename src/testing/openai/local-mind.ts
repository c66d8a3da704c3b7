import {
  ENGINE_FRAME_SAMPLES,
  type SpeechToText,
  type TextToSpeech,
  type Tutor,
  type TutorEvent,
  type TutorMemory,
  type TutorOccasion,
} from '../../speech/engine.ts';
import { Resampler, ResamplerFilter } from '../../media/audio/resampler.ts';
import { isRussianLesson, RUSSIAN_ANSWERS, RUSSIAN_WORDS } from '../russian-stand-in.ts';
import { createScriptedMind, type Mind, type Thought, type ThinkRequest } from './mind.ts';

const WIRE_RATE = 24_000;
const EAR_RATE = 16_000;
const PIECE_MS = 100;

export interface LocalMindOptions {
  readonly speechToText: SpeechToText;
  readonly tutor: Tutor;
  readonly textToSpeech: TextToSpeech;
}

/** The house's own engines behind the vendor's protocol, so that a whole call can be tried without a key. */
export function createLocalMind({ speechToText, tutor, textToSpeech }: LocalMindOptions): Mind {
  const toEar = new ResamplerFilter(WIRE_RATE, EAR_RATE);
  const toWire = new ResamplerFilter(textToSpeech.sampleRate, WIRE_RATE);
  const russian = createScriptedMind({ hears: RUSSIAN_WORDS });
  return {
    listen({ language, onDelta }) {
      if (language === 'ru') return russian.listen({ language, onDelta });
      const abort = new AbortController();
      const stream = speechToText.open({ language: 'en', signal: abort.signal });
      const resampler = new Resampler(toEar);
      const frames = new Frames((frame) => stream.write(frame));
      const { promise: whole, resolve } = Promise.withResolvers<string>();
      let said = '';
      const read = async () => {
        for await (const event of stream.events) {
          // Partials may be taken back; deltas may not: only what grows is told.
          if (event.type === 'partial' && event.text.startsWith(said) && event.text.length > said.length) {
            onDelta(event.text.slice(said.length));
            said = event.text;
          }
          if (event.type === 'final') resolve(event.text);
          if (event.type === 'error') break;
        }
        resolve(said);
      };
      void read();
      stream.startUtterance(0);
      return {
        write: (samples) => frames.push(convert(resampler, samples)),
        finish() {
          frames.flush();
          stream.endUtterance();
          return whole;
        },
        close: () => abort.abort(),
      };
    },
    think: (request) => answer(tutor, request),
    async *speak(text, { speed, signal }) {
      const resampler = new Resampler(toWire);
      for (const sentence of text.match(/[^.!?]+[.!?]*\s*/gu) ?? []) {
        const language = /\p{Script=Cyrillic}/u.test(sentence) ? 'ru' : 'en';
        const request = { text: sentence.trim(), language, rate: speed } as const;
        for await (const event of textToSpeech.synthesize(request, signal)) {
          if (event.type !== 'audio') continue;
          yield* inPieces(convert(resampler, event.samples));
        }
      }
    },
  };
}

/** The engine's clock is its frames: 20 ms each, the array lent. */
class Frames {
  readonly #frame = new Int16Array(ENGINE_FRAME_SAMPLES);
  readonly #write: (frame: Int16Array) => void;
  #filled = 0;

  constructor(write: (frame: Int16Array) => void) {
    this.#write = write;
  }

  push(samples: Int16Array): void {
    for (const sample of samples) {
      this.#frame[this.#filled++] = sample;
      if (this.#filled === ENGINE_FRAME_SAMPLES) this.flush();
    }
  }

  flush(): void {
    if (this.#filled === 0) return;
    this.#frame.fill(0, this.#filled);
    this.#write(this.#frame);
    this.#filled = 0;
  }
}

function convert(resampler: Resampler, samples: Int16Array): Int16Array {
  const out: number[] = [];
  const room = new Int16Array(2_048);
  for (let taken = 0; taken < samples.length;) {
    taken += resampler.feed(samples, taken);
    for (let given = resampler.produce(room, 0); given > 0; given = resampler.produce(room, 0)) {
      out.push(...room.subarray(0, given));
    }
  }
  return Int16Array.from(out);
}

function* inPieces(samples: Int16Array): Generator<Int16Array> {
  const step = (WIRE_RATE * PIECE_MS) / 1_000;
  for (let from = 0; from < samples.length; from += step) yield samples.slice(from, from + step);
}

/**
 * The house's tutors keep their place in the lesson in a memory that the vendor's protocol does not carry: it is found again
 * by going through the conversation from its beginning.
 */
async function answer(tutor: Tutor, { instructions, messages }: ThinkRequest): Promise<Thought> {
  const turns = messages.filter(({ role, text }) => role === 'user' && !text.startsWith('[')).map(({ text }) => text);
  const last = messages.at(-1);
  const asked = last?.role === 'user' && last.text.startsWith('[') ? last.text : instructions;
  const occasion = occasionOf(asked, turns.length);
  if (isRussianLesson(instructions)) return { text: RUSSIAN_ANSWERS[occasion] };
  const greeting = await ask(tutor, 'greeting', '', undefined);
  let { memory } = greeting;
  let text = greeting.text;
  const ends: boolean[] = [];
  for (const heard of turns) {
    const reply = await ask(tutor, 'turn', heard, memory);
    memory = reply.memory ?? memory;
    text = reply.text;
    ends.push(reply.ends);
  }
  if (occasion === 'greeting') return { text: greeting.text };
  if (occasion === 'away') return { text: (await ask(tutor, 'away', '', memory)).text };
  return { text, ...(ends.at(-1) && { calls: [{ name: 'end_call', arguments: '{}' }] }) };
}

function occasionOf(asked: string, turns: number): TutorOccasion {
  if (asked.includes('has been silent')) return 'away';
  if (asked.includes('The call begins') || turns === 0) return 'greeting';
  return 'turn';
}

async function ask(
  tutor: Tutor,
  occasion: TutorOccasion,
  heard: string,
  memory: TutorMemory | undefined,
): Promise<{ readonly text: string; readonly memory: TutorMemory | undefined; readonly ends: boolean }> {
  const request = {
    occasion,
    heard,
    history: [],
    memory,
    language: 'en',
    level: 'beginner',
    instructions: '',
  } as const;
  const events: TutorEvent[] = [];
  for await (const event of tutor.reply(request, new AbortController().signal)) events.push(event);
  return {
    text: events.map((event) => (event.type === 'text' ? event.delta : '')).join(''),
    memory: events.findLast((event) => event.type === 'memory')?.memory,
    ends: events.some((event) => event.type === 'end_call'),
  };
}
