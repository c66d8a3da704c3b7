import type { JoinAnswer, RequestAnswers, RequestName, RequestPayload } from '../../../src/media/protocol.ts';
import type { PlacedCall } from '../api/types.ts';
import { eventOf, isVoiceEvent, toCallEvent } from './call-events.ts';
import { CallFailure, codeOf } from './call-failure.ts';
import type { CallEvent } from './call-step.ts';
import { problemOfCode } from './problems.ts';
import type { OpenSignaling, Signaling } from './signaling.ts';
import type { VoiceEvent } from './socket-voice.ts';

export interface CallLinkOptions {
  readonly place: PlacedCall;
  readonly openSignaling: OpenSignaling;
  /** Where the call is to be joined now, with a fresh token. */
  readonly replaceCall: (callId: string) => Promise<PlacedCall>;
  readonly nowMs: () => number;
  readonly onEvent: (event: CallEvent) => void;
  /** The tutor's voice, where it comes over this connection. */
  readonly onVoice: (event: VoiceEvent) => void;
  /** The connection stands again: the call is to be joined again. */
  readonly onBack: () => void;
  /** The call has another token and, when `moved`, another media node. */
  readonly onPlace: (place: PlacedCall, moved: boolean) => void;
  /** There is no such call any more. */
  readonly onGone: () => void;
}

const FIRST_JOIN_TIMEOUT_MS = 12_000;
const RETRY_MS = 1_000;
/** A node that restarts is back sooner; one that is gone has been noticed by then. */
const RELOCATE_AFTER_MS = 6_000;

/**
 * The way to the media process. socket.io seeks a lost connection again by itself; where that does not help (the node
 * is gone, the token too old) the API is asked where the call is now.
 */
export class CallLink {
  readonly #options: CallLinkOptions;
  #place: PlacedCall;
  #signaling: Signaling | undefined;
  #joined = false;
  #closed = false;
  #relocateTimer: ReturnType<typeof setTimeout> | undefined;
  /** Counts the joins: a way that was sought before the last one is not needed any more. */
  #joins = 0;

  constructor(options: CallLinkOptions) {
    this.#options = options;
    this.#place = options.place;
  }

  get place(): PlacedCall {
    return this.#place;
  }
  /** The server knows this page as one that is in the call. */
  get joined(): boolean {
    return this.#joined;
  }

  /** Opens the connection and joins for the first time. Throws `CallFailure`. */
  join(): Promise<JoinAnswer> {
    return new Promise((resolve, reject) => {
      const refuse = (failure: CallFailure): void => {
        clearTimeout(deadline);
        signaling.close();
        reject(failure);
      };
      const deadline = setTimeout(() => refuse(new CallFailure('network', undefined)), FIRST_JOIN_TIMEOUT_MS);
      const signaling = this.#open({
        connected: () => {
          signaling.request('call:join', { protocol: 1, keep_transports: false }).then(
            (answer) => {
              this.#joined = true;
              clearTimeout(deadline);
              return resolve(answer);
            },
            (error: unknown) => {
              // Lost in the middle of the first join: the next connection joins anew.
              if (codeOf(error) !== 'network') refuse(new CallFailure(problemOfCode(codeOf(error)), error));
            },
          );
        },
        refused: (code) => refuse(new CallFailure(problemOfCode(code), undefined)),
      });
    });
  }

  /**
   * Joins again after the connection was lost. Undefined when this did not work, and another attempt is under way.
   * @throws SignalingError when another attempt cannot help
   */
  async joinAgain(keepTransports: boolean): Promise<JoinAnswer | undefined> {
    const signaling = this.#signaling;
    if (!signaling) return undefined;
    try {
      const answer = await signaling
        .request('call:join', { protocol: 1, keep_transports: keepTransports })
        .catch((error: unknown) => {
          if (codeOf(error) !== 'transports_gone') throw error;
          return signaling.request('call:join', { protocol: 1, keep_transports: false });
        });
      if (this.#closed || signaling !== this.#signaling) return undefined;
      clearTimeout(this.#relocateTimer);
      this.#joins += 1;
      return answer;
    } catch (error) {
      if (this.#closed || signaling !== this.#signaling) return undefined;
      const code = codeOf(error);
      if (code !== 'network' && code !== 'call_on_other_node') throw error;
      this.#relocateIn(RETRY_MS);
      return undefined;
    }
  }

  /** @throws SignalingError */
  request<Name extends RequestName>(name: Name, payload: RequestPayload<Name>): Promise<RequestAnswers[Name]> {
    return this.#signaling?.request(name, payload) ?? Promise.reject(new CallFailure('network', undefined));
  }

  /** The signaling of now; another one after the call has moved. */
  get signaling(): Signaling | undefined {
    return this.#signaling;
  }

  /** Idempotent. `hangUp`: tells the server first, as far as it can be reached. */
  close(options: { readonly hangUp: boolean }): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#relocateTimer);
    const signaling = this.#signaling;
    if (!options.hangUp || !this.#joined) return signaling?.close();
    signaling
      ?.request('call:hang-up', {})
      .catch(() => undefined)
      .finally(() => signaling.close());
  }

  /** `first` answers for a connection that has not joined yet. */
  #open(first?: { connected(): void; refused(code: string): void }): Signaling {
    const { onEvent, onVoice, onBack, nowMs } = this.#options;
    const signaling: Signaling = this.#options.openSignaling({
      path: this.#place.signaling.path,
      token: this.#place.token,
      events: {
        connected: () => (first && !this.#joined ? first.connected() : onBack()),
        refused: (code) => (first && !this.#joined ? first.refused(code) : this.#relocateIn(RETRY_MS)),
        lost: () => {
          onEvent({ type: 'signaling_lost' });
          if (this.#joined) this.#relocateIn(RELOCATE_AFTER_MS);
        },
        event: (name, payload) => {
          // After the end nothing is said, nor by a connection that was given up.
          if (this.#closed || signaling !== this.#signaling) return;
          const event = eventOf(name, payload);
          if (isVoiceEvent(event)) onVoice(event);
          else onEvent(toCallEvent(event, nowMs()));
        },
      },
    });
    this.#signaling = signaling;
    return signaling;
  }

  #relocateIn(ms: number): void {
    clearTimeout(this.#relocateTimer);
    if (!this.#closed) this.#relocateTimer = setTimeout(() => void this.#relocate(), ms);
  }

  async #relocate(): Promise<void> {
    const before = this.#place;
    const joins = this.#joins;
    try {
      const place = await this.#options.replaceCall(before.call_id);
      if (this.#closed || joins !== this.#joins) return;
      this.#place = place;
      this.#signaling?.close();
      this.#options.onPlace(place, place.signaling.path !== before.signaling.path);
      this.#open();
      this.#relocateIn(RELOCATE_AFTER_MS);
    } catch (error) {
      if (this.#closed || joins !== this.#joins) return;
      if (problemOfCode(codeOf(error)) === 'call_gone') this.#options.onGone();
      else this.#relocateIn(RELOCATE_AFTER_MS);
    }
  }
}
