/** What the API answers, as the page reads it. The schemas of record are the server's (`/api/openapi.json`). */

export type Language = 'en' | 'ru';
export type Level = 'beginner' | 'intermediate' | 'advanced';

export interface User {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly role: string;
  /** The language that is learned. */
  readonly language: Language;
  readonly level: Level;
  readonly minutes_balance: number;
  readonly minutes_held: number;
  readonly minutes_available: number;
}

export interface SignedIn {
  readonly user: User;
  readonly token: string;
}

export interface Transaction {
  readonly id: string;
  /** `deposit`, `trial`, `gift`, `usage`, …; new types may appear. */
  readonly type: string;
  readonly minutes_delta: number;
  readonly balance_after: number;
  readonly created_at: string;
  readonly reason?: string | null;
}

export interface Balance {
  readonly minutes_balance: number;
  readonly minutes_held: number;
  readonly minutes_available: number;
  readonly transactions: readonly Transaction[];
  readonly next_cursor: string | null;
}

export interface PlacedCall {
  readonly call_id: string;
  readonly signaling: { readonly path: string };
  readonly token: string;
}

export interface CallSummary {
  readonly call_id: string;
  readonly status: 'placed' | 'live' | 'ended' | 'finalized';
  readonly placed_at: string;
  /** Null when the media was never connected. */
  readonly started_at: string | null;
  readonly ended_at: string | null;
  readonly duration_sec: number;
  /** Null until the call is charged. */
  readonly billed_minutes: number | null;
  readonly end_reason: string | null;
  readonly language: Language;
  readonly level: Level;
}

export interface CallPage {
  readonly calls: readonly CallSummary[];
  readonly next_cursor: string | null;
}

export interface TurnWord {
  readonly text: string;
  readonly mark: 'right' | 'wrong' | 'missing' | 'extra';
  readonly heard?: string;
}

export interface Turn {
  readonly ordinal: number;
  readonly speaker: 'learner' | 'tutor';
  readonly text: string;
  readonly heard_text: string;
  readonly interrupted: boolean;
  readonly words: readonly TurnWord[] | null;
  /** Milliseconds from the end of the learner's speech, by stage. */
  readonly stages_ms: Readonly<Record<string, number>>;
}

export interface CallDetail extends CallSummary {
  readonly turns: readonly Turn[];
}
