import path from 'node:path';
import { z } from 'zod';

/** Kinds of values that variables of several rooms have, and how a room's variables are put together. */

/** The checkout: relative paths in variables count from here, wherever the command was run. */
export const PROJECT_ROOT = path.resolve(import.meta.dirname, '../../..');

/** What a room's variables come out as. */
export type Values<Shape extends z.ZodRawShape> = z.output<z.ZodObject<Shape>>;

/** Something that each variable alone allows, but not together. */
export interface Problem {
  readonly variable: string;
  readonly problem: string;
}

/** What the values of every room may depend on. */
export interface Basics {
  readonly production: boolean;
  /** Absolute. */
  readonly dataDir: string;
}

export const port = z.coerce.number('must be a port number').int('must be a port number').min(0).max(65_535);

export const count = (least: number, most: number) =>
  z.coerce.number('must be a whole number').int('must be a whole number').min(least).max(most);

export const folder = z.string().transform((value) => path.resolve(PROJECT_ROOT, value));

export const webAddress = z
  .url({ protocol: /^https?$/, error: 'must be an http(s) address' })
  .transform((value) => value.replace(/\/+$/, ''));

/** Those of the variables that are not set, though `because` says that they must be. */
export function missing<Name extends string>(
  values: Readonly<Partial<Record<Name, unknown>>>,
  names: readonly Name[],
  because: string,
): Problem[] {
  return names
    .filter((name) => values[name] === undefined)
    .map((variable) => ({ variable, problem: `must be set ${because}` }));
}
