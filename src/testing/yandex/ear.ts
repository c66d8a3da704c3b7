/** What recognizes behind the recognition service. Times count from the session's beginning. */

export interface HeardWord {
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
}

export interface Ear {
  listen(session: { readonly languages: readonly string[]; readonly sampleRate: number }): EarSession;
}

export interface EarSession {
  /** Audio, also silence, without a gap. */
  hear(samples: Int16Array): void;
  /** What is understood since the last final, so far. */
  partial(): readonly HeardWord[];
  /** Settles what was heard since the last final. */
  conclude(): Promise<readonly HeardWord[]>;
  close(): void;
}
