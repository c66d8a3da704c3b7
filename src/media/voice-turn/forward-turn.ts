import { type Agent, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Readable } from 'node:stream';
import { NODE_TURN_PATH } from './node-route.ts';
import { nodeUnavailable, uploadIncomplete } from './voice-turn-errors.ts';

export interface ForwardedTurn {
  /** Where the media node answers: `http://10.0.0.5:3001`. */
  readonly nodeUrl: string;
  /** Good for this call on this node. */
  readonly token: string;
  readonly audio: Readable;
  readonly accept: string | undefined;
  readonly endsAfter: boolean;
  readonly requestId: string;
  readonly response: ServerResponse;
  readonly agent: Agent;
}

/** A node that says nothing for so long is gone: engines have less time. */
const SILENCE_MS = 60_000;

const PASSED_ON = ['content-type', 'trailer', 'retry-after', 'voice-call-id', 'voice-heard', 'voice-answer'] as const;

/**
 * Carries one turn to its node and the answer back, as both arrive; trailers too. Whoever leaves ends it for both.
 * @throws AppError `media_node_unavailable`, `body_incomplete`, with nothing sent yet
 */
export function forwardTurn(turn: ForwardedTurn): Promise<void> {
  const { audio, response } = turn;
  // The sender left while the conversation was sought: no event tells of it any more.
  if (audio.destroyed && !audio.readableEnded) return Promise.reject(uploadIncomplete(audio.errored));
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const upstream = open(turn);
  // While it is uploaded the node is silent by right: its own deadline for slow uploads is shorter.
  upstream.setTimeout(SILENCE_MS);
  upstream.on('timeout', () => {
    if (audio.readableEnded) upstream.destroy(new Error('The node did not answer in time'));
  });
  upstream.on('error', (error) => {
    if (response.headersSent) response.destroy();
    reject(nodeUnavailable(error));
  });
  upstream.once('response', (answer) => passBack(answer, response));
  response.once('close', () => {
    upstream.destroy();
    // What is still being sent is for nobody.
    audio.unpipe(upstream).resume();
    resolve();
  });
  audio.once('error', (error) => {
    upstream.destroy();
    reject(uploadIncomplete(error));
  });
  audio.pipe(upstream);
  return promise;
}

function open({ nodeUrl, token, accept, endsAfter, requestId, agent }: ForwardedTurn) {
  const url = new URL(`${NODE_TURN_PATH}?end=${endsAfter}`, nodeUrl);
  const secure = url.protocol === 'https:';
  return (secure ? httpsRequest : httpRequest)(url, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/octet-stream',
      'x-request-id': requestId,
      ...(accept !== undefined && { accept }),
    },
    ...(!secure && { agent }),
  });
}

function passBack(answer: IncomingMessage, response: ServerResponse): void {
  response.statusCode = answer.statusCode ?? 502;
  for (const name of PASSED_ON) {
    const value = answer.headers[name];
    if (value !== undefined) response.setHeader(name, value);
  }
  answer.on('data', (chunk: Uint8Array) => {
    if (!response.write(chunk)) answer.pause();
  });
  response.on('drain', () => answer.resume());
  answer.once('end', () => {
    const trailers = Object.entries(answer.trailers).flatMap(([name, value]): [string, string][] =>
      value === undefined ? [] : [[name, value]],
    );
    if (trailers.length > 0) response.addTrailers(trailers);
    response.end();
  });
  answer.once('close', () => {
    if (!answer.complete) response.destroy();
  });
}
