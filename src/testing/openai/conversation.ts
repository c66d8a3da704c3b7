import type { Faults } from './faults.ts';
import { untilAborted } from './http-api.ts';
import type { Mind } from './mind.ts';
import type { ClientEvent, SessionRecord, Wire } from './wire.ts';

/** What both kinds of session have in common. */
export interface Conversation {
  readonly settings: Readonly<Record<string, unknown>>;
  receive(event: ClientEvent): void;
  close(): void;
}

export interface ConversationContext {
  readonly wire: Wire;
  readonly mind: Mind;
  readonly faults: Faults;
  readonly pace: number;
  readonly silentConflicts: boolean;
  readonly signal: AbortSignal;
  readonly record: SessionRecord;
  readonly onAppend: ((record: SessionRecord) => void) | undefined;
}

/** What goes wrong in the middle of an answer or a transcript. Returns whether nothing more may be sent. */
export async function breakConversation({ faults, wire, signal }: ConversationContext): Promise<boolean> {
  const fault = faults.takeLate();
  if (!fault) return false;
  if (fault === 'stall') await untilAborted(signal);
  else if (fault === 'garbage') wire.garbage();
  else if (fault === 'error_event') wire.error('server_error', 'The server had an error.', undefined, 'server_error');
  else if (fault === 'expire') wire.expire();
  else wire.cut();
  return true;
}
