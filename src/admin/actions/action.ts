import type { ZodObject, output } from 'zod';
import type { StaffRole } from '../../accounts/index.ts';
import type { Row } from '../resource/row.ts';
import type { Visitor } from '../roles.ts';

/** A field of an action's form. Its label and help are translated by the action's name and its own. */
export interface ActionField {
  readonly name: string;
  readonly type: 'text' | 'long' | 'decimal' | 'flag' | 'choice';
  readonly choices?: readonly string[];
  readonly required?: boolean;
}

/** What an action works on and with. */
export interface ActionRun<Input> {
  readonly by: Visitor;
  readonly id: string;
  readonly record: Row;
  readonly input: Input;
  /** The form's own: a double click sends the same one twice. */
  readonly idempotencyKey: string;
}

/** Something that staff do with one record, beyond changing its fields: it goes through a service of a room. */
export interface PanelAction<Schema extends ZodObject = ZodObject> {
  readonly name: string;
  /** Of Feather. */
  readonly icon: string;
  readonly roles: readonly StaffRole[];
  /** Hurts: the button is red, and the form asks to confirm. */
  readonly danger?: boolean;
  readonly fields: readonly ActionField[];
  readonly input: Schema;
  /** Whether it is offered for this record. What makes no sense when it is sent, the services refuse, or do once. */
  readonly possible?: (record: Row) => boolean;
  /** Answers the message to show, a key of `messages`. */
  run(run: ActionRun<output<Schema>>): Promise<string>;
}

export function defineAction<Schema extends ZodObject>(action: PanelAction<Schema>): PanelAction {
  return action;
}
