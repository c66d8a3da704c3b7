import type { CallEventName, CallEvents } from '../../../src/media/protocol.ts';
import type { CallEvent } from './call-step.ts';
import type { VoiceEvent } from './socket-voice.ts';

type AnyEvent = { [Name in CallEventName]: { readonly name: Name; readonly payload: CallEvents[Name] } }[CallEventName];

/** Those that carry the voice are no events of the state. */
export function isVoiceEvent(event: AnyEvent): event is VoiceEvent {
  return event.name.startsWith('voice:');
}

/** An event of the protocol as one of the call's state. `nowMs`: the page's monotonic clock. */
export function toCallEvent(event: Exclude<AnyEvent, VoiceEvent>, nowMs: number): CallEvent {
  switch (event.name) {
    case 'call:phase':
      return { type: 'phase', phase: event.payload.phase };
    case 'caption:update':
      return { type: 'caption', caption: event.payload };
    case 'turn:latency':
      return { type: 'latency', latency: event.payload };
    case 'minutes:left':
      return { type: 'minutes', minutes: event.payload, atMs: nowMs };
    case 'call:recording':
      return { type: 'recording', on: event.payload.on };
    case 'call:notice':
      return { type: 'notice', notice: event.payload };
    case 'call:taken-over':
      return { type: 'problem', problem: 'taken_over' };
    default:
      return { type: 'ended', reason: event.payload.reason, talkedMs: event.payload.talked_ms, atMs: nowMs };
  }
}

/** Puts a name and its payload together again; their kinship is the protocol's promise. */
export function eventOf<Name extends CallEventName>(name: Name, payload: CallEvents[Name]): AnyEvent {
  return { name, payload } as AnyEvent;
}
