import { randomUUID } from 'node:crypto';

import {
  type ChannelOptions,
  connectivityState,
  credentials,
  type ChannelCredentials,
  type Client,
  Metadata,
} from '@grpc/grpc-js';

import type { Endpoint } from './endpoint.ts';

/** An API key of a service account, or an IAM token; the latter lives 12 hours at most, so it may be asked for anew. */
export type YandexCredentials =
  | { readonly apiKey: string; readonly folderId?: string | undefined }
  | { readonly iamToken: string | (() => string); readonly folderId?: string | undefined };

const OPTIONS: ChannelOptions = {
  // A dead connection is noticed within 30 s while calls live on it; gRPC servers punish pings without calls.
  'grpc.keepalive_time_ms': 20_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.keepalive_permit_without_calls': 0,
  'grpc.max_reconnect_backoff_ms': 5_000,
  // Retries live in the layer above, which knows other engines.
  'grpc.enable_retries': 0,
  'grpc.service_config_disable_resolution': 1,
  // Else all clients of one address share one connection.
  'grpc.use_local_subchannel_pool': 1,
  // One sentence of 24 s at 48 kHz may come as one message of 2.3 MB.
  'grpc.max_receive_message_length': 16 * 1024 * 1024,
};

interface StatusEmitter {
  once(event: 'status', listener: () => void): unknown;
}

type ClientConstructor<ServiceClient> = new (
  address: string,
  channelCredentials: ChannelCredentials,
  options?: Partial<ChannelOptions>,
) => ServiceClient;

/** One that has begun. */
export interface StartedCall<Call> {
  readonly call: Call;
  /** Names the call in Yandex's logs, for its support. */
  readonly requestId: string;
  /** Whether its connection stands. */
  readonly connected: () => boolean;
}

/**
 * So many calls on one connection. A server allows some number of them, often 100, and gRPC lets the others wait without a
 * word until one of those ends; a recognition session lasts minutes.
 * Source: https://grpc.io/docs/guides/performance/
 */
const MAX_CALLS = 80;

interface Connection<ServiceClient> {
  readonly client: ServiceClient;
  calls: number;
}

/**
 * The connections to an endpoint, shared by all calls: one, and others while there are more calls than it takes. Of those
 * that are empty one more is kept: around that number of short calls it would else be made anew for every other call.
 */
export class Channel<ServiceClient extends Client> {
  readonly #construct: ClientConstructor<ServiceClient>;
  readonly #endpoint: Endpoint;
  readonly #credentials: YandexCredentials;
  readonly #connections: Connection<ServiceClient>[] = [];

  constructor(construct: ClientConstructor<ServiceClient>, endpoint: Endpoint, channelCredentials: YandexCredentials) {
    this.#construct = construct;
    this.#endpoint = endpoint;
    this.#credentials = channelCredentials;
  }

  start<Call extends StatusEmitter>(begin: (client: ServiceClient, metadata: Metadata) => Call): StartedCall<Call> {
    const requestId = randomUUID();
    const metadata = this.#metadata(requestId);
    const connection = this.#connections.find(({ calls }) => calls < MAX_CALLS) ?? this.#connect();
    const { client } = connection;
    const call = begin(client, metadata);
    connection.calls += 1;
    // It always comes, once.
    call.once('status', () => {
      connection.calls -= 1;
      this.#closeEmpty();
    });
    return {
      call,
      requestId,
      connected: () => client.getChannel().getConnectivityState(false) === connectivityState.READY,
    };
  }

  /** Idempotent; calls that live go on to their end. */
  close(): void {
    for (const { client } of this.#connections.splice(0)) client.close();
  }

  #connect(): Connection<ServiceClient> {
    const { address, encrypted } = this.#endpoint;
    const tls = encrypted ? credentials.createSsl() : credentials.createInsecure();
    // What is plain text is on this machine: a company's proxy (http_proxy) leads away from it.
    const options = encrypted ? OPTIONS : { ...OPTIONS, 'grpc.enable_http_proxy': 0 };
    const connection = { client: new this.#construct(address, tls, options), calls: 0 };
    this.#connections.push(connection);
    return connection;
  }

  /** All but the first and another one, which wait for the next calls. */
  #closeEmpty(): void {
    for (const connection of this.#connections.filter(({ calls }, place) => place > 0 && calls === 0).slice(1)) {
      this.#connections.splice(this.#connections.indexOf(connection), 1);
      connection.client.close();
    }
  }

  #metadata(requestId: string): Metadata {
    const metadata = new Metadata();
    const { folderId } = this.#credentials;
    metadata.set('authorization', authorization(this.#credentials));
    metadata.set('x-client-request-id', requestId);
    if (folderId !== undefined) metadata.set('x-folder-id', folderId);
    return metadata;
  }
}

function authorization(given: YandexCredentials): string {
  if ('apiKey' in given) return `Api-Key ${given.apiKey}`;
  const { iamToken } = given;
  return `Bearer ${typeof iamToken === 'string' ? iamToken : iamToken()}`;
}
