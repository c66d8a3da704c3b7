/** Text with `{named}` places, or one for each plural form of the language (chosen by `count`). */
export type Message = string | PluralMessage;
export type PluralMessage = Readonly<Partial<Record<Intl.LDMLPluralRule, string>> & { other: string }>;

export type MessageValues = Readonly<Record<string, string | number>>;

/** Fills the places. `count` chooses the plural form and, unless given as text elsewhere, is written as a number. */
export function formatMessage(message: Message, locale: string, values: MessageValues = {}): string {
  const text = typeof message === 'string' ? message : choosePlural(message, locale, Number(values['count'] ?? 0));
  return text.replace(/\{(\w+)\}/g, (place, name: string) => {
    const value = values[name];
    if (value === undefined) return place;
    return typeof value === 'number' ? new Intl.NumberFormat(locale).format(value) : value;
  });
}

function choosePlural(message: PluralMessage, locale: string, count: number): string {
  return message[new Intl.PluralRules(locale).select(count)] ?? message.other;
}
