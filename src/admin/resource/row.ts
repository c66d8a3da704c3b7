/** A record as it is read: its columns by name. */
export type Row = Readonly<Record<string, unknown>>;
