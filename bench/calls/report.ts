/** One line of the table: a name, a figure, and the target where there is one. */
export interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The value may be this at most. */
  readonly atMost?: number;
  /** The value must be this at least. */
  readonly atLeast?: number;
}

export function formatTable(rows: readonly Row[]): string {
  const lines = rows.map((row) => [
    row.name,
    Number.isNaN(row.value) ? '-' : round(row.value).toString(),
    row.unit,
    judgement(row),
  ]);
  const widths = [0, 1, 2].map((column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map(([name = '', value = '', unit = '', target = '']) =>
      `  ${name.padEnd(widths[0] ?? 0)}  ${value.padStart(widths[1] ?? 0)} ${unit.padEnd(widths[2] ?? 0)}  ${target}`.trimEnd(),
    )
    .join('\n');
}

export function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}

function judgement({ value, atMost, atLeast }: Row): string {
  if (atMost !== undefined) return `${value <= atMost ? 'ok' : 'OVER'} (at most ${atMost})`;
  if (atLeast !== undefined) return `${value >= atLeast ? 'ok' : 'UNDER'} (at least ${atLeast})`;
  return '';
}
