import type { Language, Level } from '../engine.ts';
import { estimateTokens } from '../token-budget.ts';

export interface ComposableRule {
  readonly id: string;
  readonly title: string;
  readonly text: string;
  readonly language: Language | null;
  readonly level: Level | null;
  readonly enabled: boolean;
}

export interface ComposedRules {
  readonly text: string;
  /** An estimate. */
  readonly tokens: number;
  /** For how many there is room. */
  readonly maxTokens: number;
  /** Ids, in their order. */
  readonly used: readonly string[];
  /** Of rules that would have belonged to it, but had no room. */
  readonly leftOut: readonly string[];
}

/** The rules of a lesson one after the other; one that does not fit any more is left out whole. */
export function composeRules(
  rules: readonly ComposableRule[],
  lesson: { readonly language: Language; readonly level: Level },
  maxTokens: number,
): ComposedRules {
  const parts: string[] = [];
  const used: string[] = [];
  const leftOut: string[] = [];
  let tokens = 0;
  for (const rule of rules) {
    if (!rule.enabled || !isOf(rule, lesson)) continue;
    const part = `# ${rule.title}\n${rule.text}`;
    const more = estimateTokens(part) + 1;
    if (tokens + more > maxTokens) {
      leftOut.push(rule.id);
      continue;
    }
    tokens += more;
    parts.push(part);
    used.push(rule.id);
  }
  return { text: parts.join('\n\n'), tokens, maxTokens, used, leftOut };
}

/** A wording that is not saved: of a rule that there is, or, without an id, of one that would be the last. */
export type DraftRule = Omit<ComposableRule, 'id' | 'enabled'> & { readonly id: string | null };

/** The rules as they would be with these drafts, which are tried even where their rule is switched off. */
export function withDrafts(rules: readonly ComposableRule[], drafts: readonly DraftRule[]): ComposableRule[] {
  const changed = rules.map((rule) => {
    const draft = drafts.find(({ id }) => id === rule.id);
    return draft ? { ...rule, ...draft, id: rule.id, enabled: true } : rule;
  });
  const added = drafts.filter(({ id }) => id === null);
  return [...changed, ...added.map((draft) => Object.assign({}, draft, { id: crypto.randomUUID(), enabled: true }))];
}

function isOf(
  rule: ComposableRule,
  { language, level }: { readonly language: Language; readonly level: Level },
): boolean {
  return (rule.language === null || rule.language === language) && (rule.level === null || rule.level === level);
}
