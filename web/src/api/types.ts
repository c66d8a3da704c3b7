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
  /** Whether the address was confirmed by the link of a letter. */
  readonly email_confirmed: boolean;
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
  /** What was paid for them. */
  readonly amount_rub: number | null;
  /** The giver's words with a gift. */
  readonly reason: string | null;
}

export interface Balance {
  readonly minutes_balance: number;
  readonly minutes_held: number;
  readonly minutes_available: number;
  /** Taken back after they were used: the next payment pays them first. */
  readonly minutes_owed: number;
  readonly transactions: readonly Transaction[];
  readonly next_cursor: string | null;
}

/** A discount that payments from `min_amount_rub` on get. */
export interface PackageOffer {
  readonly id: string;
  readonly name: string;
  /** Null: the same. */
  readonly name_ru: string | null;
  readonly min_amount_rub: number;
  readonly discount_percent: number;
}

export interface Package extends PackageOffer {
  readonly minutes_at_minimum: number;
  readonly price_per_minute_rub: number;
}

export interface Quote {
  readonly amount_rub: number;
  /** Null: no package applies, the minute has its full price. */
  readonly package: PackageOffer | null;
  readonly minutes: number;
  readonly price_per_minute_rub: number;
}

export type PaymentStatus =
  | 'created'
  | 'pending'
  | 'succeeded'
  | 'partially_refunded'
  | 'refunded'
  | 'canceled'
  | 'expired'
  | 'failed'
  | 'mismatch';

export interface Deposit {
  readonly payment_id: string;
  readonly status: PaymentStatus;
  /** Where to pay; null when that is over. */
  readonly confirmation_url: string | null;
  readonly amount_rub: number;
  /** Credited; before that, what the amount was quoted to buy. */
  readonly minutes: number;
}

export interface Invitations {
  readonly code: string;
  readonly link: string;
  /** What a confirmed invitation gives to each side. */
  readonly minutes_each: number;
  readonly invited: number;
  readonly confirmed: number;
  readonly rewarded_minutes: number;
}

/** What a new learner gets now; 0: nothing. */
export interface Welcome {
  readonly trial_minutes: number;
  /** To each side of an invitation. */
  readonly referral_minutes: number;
}

/** Whole days in a time zone of the IANA database, the last one included: `2026-11-01`. */
export interface StatementPeriod {
  readonly from_date: string;
  readonly to_date: string;
  readonly time_zone: string;
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

export interface RecordingTerms {
  readonly offered: boolean;
  /** From the call to the deletion; 0: kept for good. */
  readonly keep_days: number;
}

/** One file; a call that moved to another media node has several. */
export interface CallRecording {
  readonly part: number;
  readonly url: string;
  readonly started_at: string;
  readonly duration_ms: number | null;
}

export interface CallDetail extends CallSummary {
  readonly turns: readonly Turn[];
  readonly recordings: readonly CallRecording[];
}
