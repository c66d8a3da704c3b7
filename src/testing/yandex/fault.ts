import { Metadata, type ServiceError, status } from '@grpc/grpc-js';

/** How a call fails, and when: after so much audio, received by the recognizer or given out by the synthesizer. */
export interface Fault {
  readonly afterMs: number;
  readonly kind:
    | 'status'
    /** The connection breaks, with every call on it. */
    | 'reset'
    /** Nothing more is said. */
    | 'stall'
    /** Bytes that are no message. */
    | 'garbage'
    /** The call ends as if all were well. */
    | 'close';
  /** For `status`. */
  readonly code?: status;
  readonly details?: string;
}

/** The fault of the call of this number, from 0. */
export type FaultPlan = (call: number) => Fault | undefined;

export function serviceError(code: status, details: string): ServiceError {
  const metadata = new Metadata();
  metadata.set('x-request-id', 'server-request');
  return Object.assign(new Error(details), { code, details, metadata });
}

export function faultError(fault: Fault): ServiceError {
  return serviceError(fault.code ?? status.INTERNAL, fault.details ?? 'Failed as planned');
}

/** No protobuf message: a field of an unknown wire type, and then nothing. */
export const GARBAGE = Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f]);

/** Keys that the server accepts; without any it accepts all but none. */
export function refusalOf(metadata: Metadata, keys: readonly string[] | undefined): ServiceError | undefined {
  const [given] = metadata.get('authorization');
  const [, scheme, key] = /^(Api-Key|Bearer) (.+)$/.exec(String(given ?? '')) ?? [];
  if (scheme === undefined || key === undefined) {
    return serviceError(status.UNAUTHENTICATED, 'The authorization header is missing');
  }
  if (keys && !keys.includes(key)) return serviceError(status.UNAUTHENTICATED, 'Unknown api key or token');
  return undefined;
}
