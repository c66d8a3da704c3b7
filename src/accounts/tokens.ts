import { errors, jwtVerify, SignJWT, type JWTPayload } from 'jose';
import { z } from 'zod';
import type { Clock } from '../platform/clock.ts';
import { AppError } from '../platform/errors.ts';

const ISSUER = 'ailingva';

/** For one purpose each: a token of one is refused where the other is asked for. */
export type TokenPurpose = 'api' | 'call';

/** Seven days: each request looks the account up, so a token can be ended before. */
const API_TOKEN_SEC = 7 * 24 * 3600;
/** Longer than a call lasts: signaling reconnects with the same token. The call's own state decides in the end. */
const CALL_TOKEN_SEC = 12 * 3600;

const apiClaims = z.object({ sub: z.uuid(), version: z.int().positive() });
const callClaims = apiClaims.extend({ call: z.uuid(), node: z.string().min(1) });

export interface ApiToken {
  readonly userId: string;
  readonly tokenVersion: number;
}

export interface CallToken extends ApiToken {
  readonly callId: string;
  readonly nodeId: string;
}

/** Signs and reads tokens: JWT with HS256, bound to a purpose and to the account's token version. */
export class Tokens {
  readonly #key: Uint8Array;
  readonly #clock: Clock;

  /** @throws RangeError for a secret under 32 bytes, which HS256 asks for (RFC 7518, 3.2) */
  constructor({ secret, clock }: { readonly secret: string; readonly clock: Clock }) {
    this.#key = new TextEncoder().encode(secret);
    if (this.#key.length < 32) throw new RangeError('The token secret must have at least 32 bytes');
    this.#clock = clock;
  }

  issueApi(token: ApiToken): Promise<string> {
    return this.#sign('api', API_TOKEN_SEC, token.userId, { version: token.tokenVersion });
  }

  issueCall(token: CallToken): Promise<string> {
    return this.#sign('call', CALL_TOKEN_SEC, token.userId, {
      version: token.tokenVersion,
      call: token.callId,
      node: token.nodeId,
    });
  }

  /** @throws AppError `token_invalid`, `token_expired` */
  async readApi(token: string): Promise<ApiToken> {
    const { sub, version } = await this.#read('api', token, apiClaims);
    return { userId: sub, tokenVersion: version };
  }

  /** @throws AppError `token_invalid`, `token_expired` */
  async readCall(token: string): Promise<CallToken> {
    const { sub, version, call, node } = await this.#read('call', token, callClaims);
    return { userId: sub, tokenVersion: version, callId: call, nodeId: node };
  }

  #sign(purpose: TokenPurpose, lifetimeSec: number, userId: string, claims: JWTPayload): Promise<string> {
    const issuedAt = Math.floor(this.#clock.now().getTime() / 1000);
    return new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setIssuer(ISSUER)
      .setAudience(purpose)
      .setSubject(userId)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + lifetimeSec)
      .sign(this.#key);
  }

  async #read<Claims>(purpose: TokenPurpose, token: string, schema: z.ZodType<Claims>): Promise<Claims> {
    try {
      const { payload } = await jwtVerify(token, this.#key, {
        algorithms: ['HS256'],
        issuer: ISSUER,
        audience: purpose,
        requiredClaims: ['sub', 'iat', 'exp'],
        currentDate: this.#clock.now(),
      });
      return schema.parse(payload);
    } catch (cause) {
      throw cause instanceof errors.JWTExpired ? tokenExpired(cause) : tokenInvalid(cause);
    }
  }
}

export function tokenInvalid(cause?: unknown): AppError {
  return new AppError({
    code: 'token_invalid',
    kind: 'unauthenticated',
    message: 'The token is not valid. Sign in again.',
    cause,
  });
}

function tokenExpired(cause: unknown): AppError {
  return new AppError({
    code: 'token_expired',
    kind: 'unauthenticated',
    message: 'The token has expired. Sign in again.',
    cause,
  });
}
