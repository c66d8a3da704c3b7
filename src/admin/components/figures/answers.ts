/** What the API answers, as far as the pages read it. */

export interface Figures {
  readonly total_minutes: number;
  readonly total_revenue: number;
  readonly sessions_count: number;
  readonly recognized_revenue: number;
  readonly free_minutes: number;
  readonly paid_minutes: number;
  readonly average_session_minutes: number;
  readonly unique_callers: number;
  readonly deposits_count: number;
  readonly deposits_amount: number;
  readonly gifts_count: number;
  readonly gifts_minutes: number;
}

export interface Bucket extends Figures {
  readonly period_start: string;
  readonly starts_at: string;
  readonly as_closed: (Figures & { readonly closed_at: string }) | null;
}

export interface RevenueAnswer {
  readonly grouping: 'hour' | 'day';
  readonly time_zone: string;
  readonly from: string;
  /** Excluded. */
  readonly to: string;
  readonly buckets: readonly Bucket[];
  readonly totals: Figures;
  readonly previous?: { readonly from: string; readonly to: string; readonly totals: Figures };
  readonly breakdown?: readonly (Figures & { readonly name: string })[];
}

export interface Latency {
  readonly engine: string;
  readonly stage: string;
  readonly turns: number;
  readonly p50_ms: number;
  readonly p95_ms: number;
  readonly p99_ms: number;
}

export interface LatencyAnswer {
  readonly time_zone: string;
  readonly from_date: string;
  /** Included. */
  readonly to_date: string;
  readonly days: readonly (Latency & { readonly day: string })[];
  readonly totals: readonly Latency[];
}

export interface EnginesAnswer {
  readonly engines: readonly {
    readonly engine: string;
    readonly kind: string;
    readonly turns: number;
    readonly audio_in_seconds: number;
    readonly audio_out_seconds: number;
    readonly characters: number;
    readonly input_tokens: number;
    readonly output_tokens: number;
    readonly cost_rub: number;
  }[];
}

export interface LiveAnswer {
  readonly at: string;
  readonly nodes: readonly {
    readonly node_id: string;
    readonly load: number;
    readonly capacity: number;
    readonly draining: boolean;
    readonly silent_sec: number;
    readonly fresh: boolean;
  }[];
  readonly calls_count: number;
  readonly calls: readonly LiveCall[];
}

export interface LiveCall {
  readonly call_id: string;
  readonly user_id: string;
  readonly email: string;
  readonly status: 'placed' | 'live';
  readonly channel: 'live' | 'http';
  readonly language: string;
  readonly level: string;
  readonly engine: string;
  readonly node_id: string;
  readonly placed_at: string;
  readonly live_at: string | null;
  readonly lasts_sec: number;
  readonly end_requested: boolean;
}

export interface CaptionsAnswer {
  readonly call_id: string;
  readonly status: 'placed' | 'live' | 'ended' | 'finalized';
  readonly turns: readonly {
    readonly ordinal: number;
    readonly speaker: 'learner' | 'tutor';
    readonly text: string;
    readonly heard_text: string;
    readonly interrupted: boolean;
    readonly started_at_ms: number;
  }[];
}

export type QueuesAnswer = readonly {
  readonly queue: string;
  readonly waiting: number;
  readonly active: number;
  readonly delayed: number;
  readonly dead: number;
  readonly done: number;
  readonly oldest_waiting_sec: number;
}[];

export type DeadJobsAnswer = readonly {
  readonly id: string;
  readonly queue: string;
  readonly job: string;
  readonly error: string;
  readonly attempts: number;
  readonly payload: Readonly<Record<string, unknown>> | null;
  readonly enqueued_at: string;
  readonly failed_at: string;
}[];

export interface AttentionAnswer {
  readonly concerns: readonly {
    readonly code: string;
    readonly severity: 'error' | 'warning';
    readonly count: number;
    readonly parts: readonly { readonly name: string; readonly count: number }[];
  }[];
  readonly unchecked: readonly string[];
}
