import type { CallController } from '../call/call-controller.ts';
import type { Session } from './session.ts';
import type { ValueStore } from './value-store.ts';

/** A call, its summary and its problem are one learner's: whoever signs in after them finds none of it. Lives as long as the page. */
export function keepCallToItsLearner(
  session: ValueStore<Session>,
  call: Pick<CallController, 'state' | 'reset'>,
): void {
  let learnerId: string | undefined;
  session.watch(() => {
    const now = session.read();
    if (now.status === 'signed_out') {
      learnerId = undefined;
      call.reset();
    } else if (now.status === 'signed_in') {
      const state = call.state.read();
      const isAnother = learnerId !== undefined && learnerId !== now.user.id;
      // What could not go on without signing in again can now.
      const waitedForSignIn = state.status === 'failed' && state.problem === 'signed_out';
      learnerId = now.user.id;
      if (isAnother || waitedForSignIn) call.reset();
    }
  });
}
