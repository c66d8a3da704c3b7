import type { IncomingMessage, ServerResponse } from 'node:http';
import { z, type output, type ZodType } from 'zod';

/** What a room says of one request it answers. Rooms know neither express nor sockets. */

export type Role = 'student' | 'support' | 'analyst' | 'admin';

export interface Principal {
  readonly userId: string;
  readonly role: Role;
  /** The version of the account that their token was made under: another token made for it is to be void with it. */
  readonly tokenVersion: number;
}

export interface Authenticator {
  /** @throws AppError of kind `unauthenticated` */
  authenticate(authorizationHeader: string | undefined): Promise<Principal>;
}

/** Who may ask: anybody, anybody signed in, or the roles named. */
export type Access = 'public' | 'user' | readonly Role[];

export interface RouteRequest<Params, Query, Body, Caller = Principal> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** Not there on a public route. */
  readonly principal: Caller;
  readonly ip: string;
  /** What `Accept-Language` asks for, the best first: `ru`, `en-GB`. */
  readonly languages: readonly string[];
  /** The `Idempotency-Key` header: 1 to 128 visible ASCII characters. */
  readonly idempotencyKey: string | undefined;
  readonly requestId: string;
}

interface RouteDescription {
  readonly method: 'get' | 'post' | 'put' | 'delete';
  /** With parameters in braces: `/api/calls/{id}`. */
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  readonly tag: string;
  /** Default 200. With 204 the answer has no body. */
  readonly status?: number;
  /** Codes that the answer may carry besides those that every route may: for the description. */
  readonly errors?: readonly string[];
  /** `required`: refused without the header. `optional`: described. The header is parsed on every route. */
  readonly idempotency?: 'required' | 'optional';
}

/** Another form of the same answer, for whoever asks for it by `?format=` and its name, or by `Accept`. */
export interface AnswerFormat<Answer = unknown> {
  /** `text/csv`; always in UTF-8. */
  readonly mediaType: string;
  /** What a browser saves it as: letters, digits, dots, hyphens. */
  fileName(answer: Answer): string;
  write(answer: Answer): string;
}

/** One request to a route that reads its body and writes its answer while both are still under way. */
export interface StreamExchange<Query, Caller = Principal> {
  /** Its body has not been read. */
  readonly request: IncomingMessage;
  /** Nothing has been sent of it. What is thrown before anything is becomes a problem; after that it is cut. */
  readonly response: ServerResponse;
  readonly query: Query;
  readonly principal: Caller;
  readonly requestId: string;
}

/** What passes through such a route, for the description: media types. */
interface StreamDescription {
  readonly takes: readonly string[];
  readonly gives: readonly string[];
}

/** A route with its types taken away, as the HTTP application keeps it. */
export interface Route extends RouteDescription {
  readonly access: Access;
  readonly params?: ZodType | undefined;
  readonly query?: ZodType | undefined;
  readonly body?: ZodType | undefined;
  readonly answer: ZodType;
  readonly formats?: Readonly<Record<string, AnswerFormat>>;
  handle(request: RouteRequest<unknown, unknown, unknown, Principal | undefined>): Promise<unknown>;
  /** Instead of `handle`. */
  readonly stream?: StreamDescription & {
    carry(exchange: StreamExchange<unknown, Principal | undefined>): Promise<void>;
  };
}

type Parsed<Schema> = Schema extends ZodType ? output<Schema> : undefined;

/**
 * A route whose handler gets what its schemas give and must return what its answer schema takes.
 * Undeclared fields of an answer are an error outside production, so that none leaks unnoticed.
 */
export function defineRoute<
  const Allowed extends Access,
  Answer extends ZodType,
  Params extends ZodType | undefined = undefined,
  Query extends ZodType | undefined = undefined,
  Body extends ZodType | undefined = undefined,
>(
  route: RouteDescription & {
    readonly access: Allowed;
    readonly params?: Params;
    readonly query?: Query;
    readonly body?: Body;
    readonly answer: Answer;
    /** Besides JSON, by name. */
    readonly formats?: Readonly<Record<string, AnswerFormat<output<Answer>>>>;
    handle(
      request: RouteRequest<
        Parsed<Params>,
        Parsed<Query>,
        Parsed<Body>,
        Allowed extends 'public' ? undefined : Principal
      >,
    ): Promise<output<Answer>>;
  },
): Route {
  return route;
}

/** A route for bytes that come and go while they are worked on: sound, files. Settles when the answer is complete. */
export function defineStreamRoute<const Allowed extends Access, Query extends ZodType>(
  route: RouteDescription &
    StreamDescription & {
      readonly access: Allowed;
      readonly query: Query;
      carry(exchange: StreamExchange<output<Query>, Allowed extends 'public' ? undefined : Principal>): Promise<void>;
    },
): Route {
  return {
    ...route,
    answer: z.never(),
    handle: () => Promise.reject(new TypeError('A stream has no single answer')),
    stream: route,
  };
}
