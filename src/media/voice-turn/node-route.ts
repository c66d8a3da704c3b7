import { z } from 'zod';
import { toAppError } from '../../platform/errors.ts';
import { defineStreamRoute, type Route } from '../../platform/http/route.ts';
import { chooseForm, createAnswerForm } from './answer-forms.ts';
import type { VoiceConversations } from './conversations.ts';
import { nodeDraining } from './voice-turn-errors.ts';

/** Where a media node takes turns. Only the web process comes here: its proxy passes nothing on to this path. */
export const NODE_TURN_PATH = '/voice/turn';

export interface NodeTurnRouteOptions {
  /** `undefined` while the node is starting. */
  readonly conversations: () => VoiceConversations | undefined;
  /** @throws AppError of kind `unauthenticated` */
  readonly verifyToken: (token: string) => Promise<{ readonly callId: string; readonly userId: string }>;
}

const query = z.strictObject({ end: z.enum(['true', 'false']).default('false') });

/** The media node's side of `POST /api/voice/turn`: the body is the audio alone, the token is good for one call. */
export function nodeTurnRoute({ conversations, verifyToken }: NodeTurnRouteOptions): Route {
  return defineStreamRoute({
    method: 'post',
    path: NODE_TURN_PATH,
    summary: 'One turn of a conversation that has its place here',
    tag: 'voice',
    access: 'public',
    query,
    takes: ['application/octet-stream'],
    gives: ['audio/mpeg'],
    async carry({ request, response, query: { end } }) {
      const { callId, userId } = await verifyToken((request.headers.authorization ?? '').replace(/^Bearer /i, ''));
      const here = conversations();
      if (!here) throw nodeDraining();
      const gone = new AbortController();
      const leave = (): void => {
        if (!response.writableEnded) gone.abort();
      };
      response.once('close', leave);
      const form = createAnswerForm(chooseForm(request.headers.accept), response);
      try {
        await here.take({ callId, userId, body: request, form, gone: gone.signal, endsAfter: end === 'true' });
      } catch (error) {
        // Before anything is sent it is a problem as any other.
        if (!response.headersSent) throw error;
        form.fail(toAppError(error));
      } finally {
        response.off('close', leave);
      }
      if (!response.writableEnded) response.destroy();
    },
  });
}
