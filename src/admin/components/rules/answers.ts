/** What the panel's data answers of rules. */
export type Language = 'en' | 'ru';
export type Level = 'beginner' | 'intermediate' | 'advanced';

export const LANGUAGES: readonly Language[] = ['en', 'ru'];
export const LEVELS: readonly Level[] = ['beginner', 'intermediate', 'advanced'];

export const RULES = '/admin/data/system-rules';

export interface Wording {
  readonly title: string;
  readonly text: string;
  readonly language: Language | null;
  readonly level: Level | null;
  readonly enabled: boolean;
}

/** A wording in a form, not saved; null: of a new rule. */
export interface Draft extends Omit<Wording, 'enabled'> {
  readonly id: string | null;
}

export interface Rule extends Wording {
  readonly id: string;
  readonly version: number;
  readonly updated_by_email: string | null;
  readonly updated_at: string;
}

export interface RulesAnswer {
  readonly rules: readonly Rule[];
}

export interface Version extends Wording {
  readonly version: number;
  readonly updated_by_email: string | null;
  readonly recorded_at: string;
}

export interface VersionsAnswer {
  readonly versions: readonly Version[];
}

export interface ComposedAnswer {
  readonly text: string;
  readonly tokens: number;
  readonly max_tokens: number;
  readonly used: readonly string[];
  readonly left_out: readonly string[];
}

export interface TrialAnswer {
  readonly answer: string;
  readonly instructions: string;
  readonly engine: string;
  readonly first_token_ms: number;
  readonly total_ms: number;
  readonly usage: { readonly input_tokens: number; readonly output_tokens: number } | null;
}
