import { z } from 'zod';

/** Languages that are learned, and that letters are written in. */
export const languageSchema = z.enum(['en', 'ru']);

/** The first of the asked languages that letters are written in. */
export function readableLanguage(asked: readonly string[]): z.output<typeof languageSchema> | undefined {
  for (const tag of asked) {
    const { data } = languageSchema.safeParse(tag.split('-')[0]?.toLowerCase());
    if (data !== undefined) return data;
  }
  return undefined;
}
