import type { SignaledCall } from '../call/call-port.ts';
import { requestSchemas, type RequestAnswers, type RequestName, type RequestPayload } from '../protocol.ts';
import { messageInvalid } from './reply.ts';

/** The requests that need a call; entering it is the connection's own matter. */
export type CallRequestName = Exclude<RequestName, 'call:join'>;

type Handlers = {
  readonly [Name in CallRequestName]: (
    call: SignaledCall,
    payload: RequestPayload<Name>,
  ) => Promise<RequestAnswers[Name]>;
};

const handlers: Handlers = {
  'transport:connect': async ({ media }, { transport_id, dtls_parameters }) => {
    await media.connectTransport(transport_id, dtls_parameters);
    return {};
  },
  'track:produce': async ({ media }, { transport_id, kind, rtp_parameters }) => ({
    producer_id: await media.produce(transport_id, kind, rtp_parameters),
  }),
  'track:consume': ({ media }, { rtp_capabilities }) => media.consume(rtp_capabilities),
  'track:resume': async ({ media }) => {
    await media.resumeConsumer();
    return {};
  },
  'ice:restart': async ({ media }, { transport_id }) => ({ ice_parameters: await media.restartIce(transport_id) }),
  'call:mute': async (call, { muted }) => {
    call.setMuted(muted);
    return {};
  },
  'call:hang-up': async (call) => {
    await call.hangUp();
    return {};
  },
  'voice:open': async ({ media }, { container }) => media.openSocketVoice(container),
  'voice:chunk': async ({ media }, { stream, bytes }) => {
    media.hearSocketVoice(stream, bytes);
    return {};
  },
  'voice:played': async ({ media }, { stream, played_ms }) => {
    media.socketVoicePlayed(stream, played_ms);
    return {};
  },
  'voice:close': async ({ media }) => {
    media.closeSocketVoice();
    return {};
  },
};

export function isRequestName(name: unknown): name is RequestName {
  return typeof name === 'string' && Object.hasOwn(requestSchemas, name);
}

/** @throws AppError `message_invalid`, naming the fields but not their values. */
export function parsePayload<Name extends RequestName>(name: Name, payload: unknown): RequestPayload<Name> {
  const parsed = requestSchemas[name].safeParse(payload);
  if (!parsed.success) {
    throw messageInvalid([...new Set(parsed.error.issues.map(({ path }) => path.map(String).join('.')))]);
  }
  return parsed.data as RequestPayload<Name>;
}

/** Parses the payload, asks the call, and answers. @throws AppError `message_invalid`, and what the call throws. */
export async function handleRequest<Name extends CallRequestName>(
  name: Name,
  call: SignaledCall,
  payload: unknown,
): Promise<RequestAnswers[Name]> {
  return await handlers[name](call, parsePayload(name, payload));
}
