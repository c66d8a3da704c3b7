import type { Ear, EarSession, HeardWord } from './ear.ts';

/**
 * Speech that can be understood exactly: each word is a level that is held for 300 ms, with 100 ms of silence behind it.
 * A word that was cut is understood as cut (`word-`), one that is heard twice is there twice; so a test sees whether words
 * are lost, torn or doubled wherever a session is left.
 */

const WORD_MS = 300;
const GAP_MS = 100;
export const CODED_WORD_MS = WORD_MS + GAP_MS;
const LEVEL_STEP = 8;
const SAMPLE_RATE = 16_000;
const SAMPLES_PER_MS = SAMPLE_RATE / 1_000;
/** What is shorter was cut. */
const WHOLE_MS = WORD_MS - 40;

export interface CodedSpeech {
  /** 16 kHz mono. Every word must be of the vocabulary. */
  say(words: readonly string[]): Int16Array;
  readonly ear: Ear;
}

export function createCodedSpeech(vocabulary: readonly string[]): CodedSpeech {
  const levelOf = new Map(vocabulary.map((word, i) => [word, (i + 1) * LEVEL_STEP]));
  return {
    say(words) {
      const samples = new Int16Array(words.length * CODED_WORD_MS * SAMPLES_PER_MS);
      for (const [i, word] of words.entries()) {
        const level = levelOf.get(word);
        if (level === undefined) throw new Error(`"${word}" is not in the vocabulary`);
        const from = i * CODED_WORD_MS * SAMPLES_PER_MS;
        samples.fill(level, from, from + WORD_MS * SAMPLES_PER_MS);
      }
      return samples;
    },
    ear: { listen: () => new CodedEar(vocabulary) },
  };
}

interface Run {
  readonly level: number;
  readonly startMs: number;
  samples: number;
}

class CodedEar implements EarSession {
  readonly #vocabulary: readonly string[];
  #heard: HeardWord[] = [];
  #run: Run | undefined;
  #samples = 0;

  constructor(vocabulary: readonly string[]) {
    this.#vocabulary = vocabulary;
  }

  hear(samples: Int16Array): void {
    for (const level of samples) {
      if (level !== (this.#run?.level ?? 0)) {
        this.#endRun();
        if (level !== 0) this.#run = { level, startMs: this.#samples / SAMPLES_PER_MS, samples: 0 };
      }
      if (this.#run) this.#run.samples++;
      this.#samples++;
    }
  }

  partial(): readonly HeardWord[] {
    const run = this.#wordOf(this.#run);
    return run ? [...this.#heard, run] : this.#heard;
  }

  conclude(): Promise<readonly HeardWord[]> {
    this.#endRun();
    const heard = this.#heard;
    this.#heard = [];
    return Promise.resolve(heard);
  }

  close(): void {
    this.#run = undefined;
  }

  #endRun(): void {
    const word = this.#wordOf(this.#run);
    if (word) this.#heard.push(word);
    this.#run = undefined;
  }

  #wordOf(run: Run | undefined): HeardWord | undefined {
    if (!run) return undefined;
    const text = this.#vocabulary[run.level / LEVEL_STEP - 1];
    if (text === undefined) return undefined;
    const lengthMs = run.samples / SAMPLES_PER_MS;
    const startMs = Math.round(run.startMs);
    return {
      text: lengthMs < WHOLE_MS ? `${text}-` : text,
      startMs,
      endMs: startMs + Math.max(1, Math.round(lengthMs)),
    };
  }
}
