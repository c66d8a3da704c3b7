import { setImmediate as turnOfTheLoop } from 'node:timers/promises';

/** What stands behind the protocol: something that hears, thinks and speaks. All audio is 24 kHz mono. */
export interface Mind {
  listen(options: { readonly language: string; readonly onDelta: (delta: string) => void }): Listener;
  think(request: ThinkRequest): Promise<Thought>;
  speak(text: string, options: { readonly speed: number; readonly signal: AbortSignal }): AsyncIterable<Int16Array>;
}

/** Hears one utterance. */
export interface Listener {
  write(samples: Int16Array): void;
  /** All that was understood. */
  finish(): Promise<string>;
  close(): void;
}

export interface ThinkRequest {
  readonly instructions: string;
  readonly messages: readonly { readonly role: 'user' | 'assistant' | 'tool'; readonly text: string }[];
  readonly tools: readonly string[];
}

export interface Thought {
  readonly text: string;
  readonly calls?: readonly { readonly name: string; readonly arguments: string }[];
}

export interface ScriptedMindOptions {
  /** Understood of whatever is loud. Its words come one by one while it is heard. */
  readonly hears?: string;
  readonly thinks?: (request: ThinkRequest) => Thought;
  /** Length of the speech of one character. */
  readonly msPerCharacter?: number;
}

const LOUD = 500;
const RATE = 24_000;
const CHUNK_MS = 100;

/** Understands always the same, answers always the same to the same, and speaks in a tone. */
export function createScriptedMind(options: ScriptedMindOptions = {}): Mind {
  const { hears = 'good morning', thinks = answerPlainly, msPerCharacter = 60 } = options;
  return {
    listen({ onDelta }) {
      const words = hears.split(' ');
      let loud = false;
      let said = 0;
      return {
        write(samples) {
          loud ||= samples.some((sample) => Math.abs(sample) > LOUD);
          const word = loud ? words[said] : undefined;
          if (word === undefined) return;
          onDelta(said++ === 0 ? word : ` ${word}`);
        },
        finish: () => Promise.resolve(loud ? hears : ''),
        close: () => undefined,
      };
    },
    think: (request) => Promise.resolve(thinks(request)),
    async *speak(text, { speed, signal }) {
      const total = Math.round((text.length * msPerCharacter * RATE) / 1_000 / speed);
      const step = (RATE * CHUNK_MS) / 1_000;
      for (let from = 0; from < total && !signal.aborted; from += step) {
        yield Int16Array.from({ length: Math.min(step, total - from) }, (_, i) =>
          Math.round(16_384 * Math.sin((2 * Math.PI * 440 * (from + i)) / RATE)),
        );
        await turnOfTheLoop();
      }
    },
  };
}

function answerPlainly({ messages }: ThinkRequest): Thought {
  const last = messages.findLast(({ role }) => role === 'user')?.text ?? '';
  return { text: `You said ${last.slice(0, 40)}. How are you today?` };
}
