/** What the processes of the benchmark tell each other. */

/** How the media process's engines and settings are to be; its one argument, as JSON. */
export interface Scenario {
  /** What the tutor thinks before its first word. */
  readonly thinkMs: number;
  /** How long each answer is. */
  readonly answerMs: number;
  /** Whether answers are begun before the turn's end is sure. */
  readonly guesses: boolean;
}

export interface Place {
  readonly type: 'place';
  readonly calls: number;
}

export interface Report {
  readonly type: 'report';
}

export type ToMedia = Place | Report;

export interface Ready {
  readonly type: 'ready';
  readonly url: string;
  readonly path: string;
  readonly codec: string;
}

export interface Placed {
  readonly type: 'placed';
  readonly tokens: readonly string[];
}

/** All in milliseconds, measured where packets enter and leave the media process. */
export interface MediaFigures {
  readonly type: 'figures';
  /** From the last packet of speech in to the first packet of the reply out. */
  readonly turnaroundsMs: readonly number[];
  /** From the decision to be silent to the last packet out; 0 when none left after it. */
  readonly stopsMs: readonly number[];
  /** From the end of the voice, as detected, to each stage. */
  readonly stages: Readonly<Record<string, readonly number[]>>;
  readonly guessesUsed: number;
  readonly guessesDropped: number;
}

export type FromMedia = Ready | Placed | MediaFigures;

export interface Talk {
  readonly type: 'talk';
  readonly url: string;
  readonly path: string;
  readonly tokens: readonly string[];
  /** Wait for the tutor's silence, or talk over it. */
  readonly manner: 'polite' | 'over';
  readonly seconds: number;
}

/** At the callers: with the worker, the network stack and their own decryption in it. */
export interface CallerFigures {
  readonly type: 'talked';
  /** From the last frame of speech sent to the first packet of the reply; or, over the tutor, from the first to its silence. */
  readonly waitsMs: readonly number[];
  readonly missing: number;
  readonly failures: readonly string[];
}
