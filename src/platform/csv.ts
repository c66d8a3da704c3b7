/** A number stands as it is; `null` is an empty field. */
export type CsvField = string | number | null;

/**
 * CSV as RFC 4180 has it: a header, commas, CRLF, quotes doubled. A byte order mark stands in front, because Excel takes
 * a file without one for the system's old code page and garbles Cyrillic.
 *
 * A text that a spreadsheet would run as a formula gets an apostrophe in front (OWASP, "CSV Injection"); numbers cannot
 * be formulas, so a negative one stays a number.
 */
export function writeCsv(header: readonly string[], rows: readonly (readonly CsvField[])[]): string {
  const lines = [header, ...rows].map((fields) => fields.map(writeField).join(','));
  return `\u{FEFF}${lines.join('\r\n')}\r\n`;
}

function writeField(field: CsvField): string {
  if (field === null) return '';
  if (typeof field === 'number') return String(field);
  const text = /^[=+\-@\t\r\n＝＋－＠]/.test(field) ? `'${field}` : field;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
