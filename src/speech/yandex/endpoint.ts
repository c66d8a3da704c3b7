import { AppError } from '../../platform/errors.ts';

/** Where a service listens. */
export interface Endpoint {
  /** `host:port`, as gRPC takes it. */
  readonly address: string;
  readonly encrypted: boolean;
}

const DEFAULT_TLS_PORT = 443;
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * `host`, `host:port` or `https://host:port` is spoken to over TLS. `http://127.0.0.1:port` is plain text, for a server on
 * this machine only: the key would travel readable.
 * @throws AppError `config_invalid`
 */
export function parseEndpoint(text: string): Endpoint {
  const url = URL.parse(/^https?:\/\//.test(text) ? text : `https://${text}`);
  if (!url || url.hostname === '' || url.pathname !== '/' || url.username !== '') throw invalid('is not host:port');
  const encrypted = url.protocol === 'https:';
  if (!encrypted && !LOOPBACK.test(url.hostname)) throw invalid('may be plain text on this machine alone');
  const port = url.port === '' ? (encrypted ? DEFAULT_TLS_PORT : 80) : Number(url.port);
  return { address: `${url.hostname}:${port}`, encrypted };
}

function invalid(problem: string): AppError {
  return new AppError({ code: 'config_invalid', kind: 'invalid', message: `The endpoint ${problem}.` });
}
