/** What the panel's data answers of settings. */
export const SETTINGS = '/admin/data/settings';

/** As JSON Schema, as far as settings go. */
export interface Shape {
  readonly type?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly enum?: readonly string[];
  readonly items?: Shape;
  readonly maxItems?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
}

export interface SettingAnswer {
  readonly key: string;
  readonly room: string;
  readonly unit: string | null;
  readonly description: { readonly en: string; readonly ru: string };
  readonly shape: Shape;
  readonly default: unknown;
  readonly value: unknown;
  readonly is_default: boolean;
  readonly valid: boolean;
  readonly version: string | null;
  readonly changed_at: string | null;
  readonly changed_by: string | null;
}

export interface Engine {
  readonly name: string;
  readonly configured: boolean;
  readonly needs: string | null;
}

export interface SettingsAnswer {
  readonly settings: readonly SettingAnswer[];
  readonly engines: readonly Engine[];
}

export interface SettingHistory {
  readonly changes: readonly {
    readonly version: string;
    readonly value: unknown;
    readonly reset: boolean;
    readonly changed_by: string | null;
    readonly changed_at: string;
  }[];
}

export interface ValueProblem {
  readonly field: string;
  readonly message: string;
  readonly rule: string;
  readonly bound?: number;
  readonly other?: { readonly key: string; readonly description: { readonly en: string; readonly ru: string } };
}
