import type { TutorMessage } from './engine.ts';

/**
 * A cautious guess without a vendor's tokenizer: about four characters of Latin script a token, two and a half of any other.
 * https://help.openai.com/en/articles/4936856-what-are-tokens-and-how-to-count-them
 */
export function estimateTokens(text: string): number {
  let latin = 0;
  for (let index = 0; index < text.length; index += 1) if (text.charCodeAt(index) < 0x250) latin += 1;
  return Math.ceil(latin / 4 + (text.length - latin) / 2.5);
}

/** Tokens that a message costs beside its words. */
const MESSAGE_TOKENS = 4;

/** The newest messages that fit, in their order. */
export function newestWithin(history: readonly TutorMessage[], tokens: number): readonly TutorMessage[] {
  let left = tokens;
  let from = history.length;
  while (from > 0) {
    left -= estimateTokens(history[from - 1]?.text ?? '') + MESSAGE_TOKENS;
    if (left < 0) break;
    from -= 1;
  }
  return from === 0 ? history : history.slice(from);
}
