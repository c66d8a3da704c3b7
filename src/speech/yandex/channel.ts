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
  // One sentence of 24 s at 48 kHz may come as one message of 2.3 MB.
  'grpc.max_receive_message_length': 16 * 1024 * 1024,
};

type ClientConstructor<ServiceClient> = new (
  address: string,
  channelCredentials: ChannelCredentials,
  options?: Partial<ChannelOptions>,
) => ServiceClient;

/** What a call carries besides its request. */
export interface CallHeaders {
  readonly metadata: Metadata;
  /** Names the call in Yandex's logs, for its support. */
  readonly requestId: string;
}

/** One HTTP/2 connection to an endpoint, shared by all calls; connected with the first of them. */
export class Channel<ServiceClient extends Client> {
  readonly #construct: ClientConstructor<ServiceClient>;
  readonly #endpoint: Endpoint;
  readonly #credentials: YandexCredentials;
  #client: ServiceClient | undefined;

  constructor(construct: ClientConstructor<ServiceClient>, endpoint: Endpoint, channelCredentials: YandexCredentials) {
    this.#construct = construct;
    this.#endpoint = endpoint;
    this.#credentials = channelCredentials;
  }

  get client(): ServiceClient {
    const { address, encrypted } = this.#endpoint;
    this.#client ??= new this.#construct(
      address,
      encrypted ? credentials.createSsl() : credentials.createInsecure(),
      // What is plain text is on this machine: a company's proxy (http_proxy) leads away from it.
      encrypted ? OPTIONS : { ...OPTIONS, 'grpc.enable_http_proxy': 0 },
    );
    return this.#client;
  }

  get connected(): boolean {
    return this.#client?.getChannel().getConnectivityState(false) === connectivityState.READY;
  }

  headers(): CallHeaders {
    const metadata = new Metadata();
    const requestId = randomUUID();
    const { folderId } = this.#credentials;
    metadata.set('authorization', authorization(this.#credentials));
    metadata.set('x-client-request-id', requestId);
    if (folderId !== undefined) metadata.set('x-folder-id', folderId);
    return { metadata, requestId };
  }

  /** Idempotent; calls that live go on to their end. */
  close(): void {
    this.#client?.close();
    this.#client = undefined;
  }
}

function authorization(given: YandexCredentials): string {
  if ('apiKey' in given) return `Api-Key ${given.apiKey}`;
  const { iamToken } = given;
  return `Bearer ${typeof iamToken === 'string' ? iamToken : iamToken()}`;
}
