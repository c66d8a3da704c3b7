import type { PlacedCall } from '../api/types.ts';
import { CallFailure, codeOf, failed } from './call-failure.ts';
import { CallLink } from './call-link.ts';
import type { CallState } from './call-state.ts';
import { GIVE_UP_MS, SOCKET_AFTER_MS } from './call-step.ts';
import type { CallEffect, CallEvent } from './call-step.ts';
import { CallVoice } from './call-voice.ts';
import type { CallVoiceDependencies } from './call-voice.ts';
import type { OpenPeer } from './peer.ts';
import { problemOfCode } from './problems.ts';
import type { SavedCall } from './saved-call.ts';
import type { OpenSignaling } from './signaling.ts';
import type { OpenSocketVoice } from './socket-voice.ts';

export interface CallRunDependencies extends Omit<CallVoiceDependencies, 'isMuted'> {
  /** The code that talks to the media process; loaded when it is needed first. */
  readonly loadStack: () => Promise<{
    openSignaling: OpenSignaling;
    openPeer: OpenPeer;
    openSocketVoice: OpenSocketVoice;
  }>;
  /** Where the call is to be joined now: its media node may be gone, its token too old. */
  readonly replaceCall: (callId: string) => Promise<PlacedCall>;
  /** What a reloaded page would need to enter the call again. */
  readonly onEntered: (call: SavedCall) => void;
  readonly readState: () => CallState;
  /** The learner's choice: over the socket whatever WebRTC does. */
  readonly prefersSocket: () => boolean;
}

const ICE_RETRY_MS = 4_000;
/** While the voice goes over the socket nobody waits for it. */
const CALM_ICE_RETRY_MS = 12_000;
const HANG_UP_ANSWER_MS = 2_500;

/** One call from the press to its end: owns the link and the voice, and runs the effects. */
export class CallRun {
  readonly #deps: CallRunDependencies;
  readonly #voice: CallVoice;
  #closed = false;
  #link: CallLink | undefined;
  /** As the call begins; then the state says it. */
  #beginsMuted = false;
  #giveUpTimer: ReturnType<typeof setTimeout> | undefined;
  #iceTimer: ReturnType<typeof setTimeout> | undefined;
  #socketTimer: ReturnType<typeof setTimeout> | undefined;
  #hangUpTimer: ReturnType<typeof setTimeout> | undefined;
  /** What the server says between its answer to the first join and the page's being in the call. */
  #early: CallEvent[] | undefined = [];

  constructor(deps: CallRunDependencies) {
    this.#deps = deps;
    this.#voice = new CallVoice({ ...deps, isMuted: () => this.#isMuted() });
  }

  /**
   * Asks for the microphone and for a place at the same time. `microphoneFirst`: the browser will ask the learner, who may
   * take their time; the call waits for the answer. Never throws: a failure is a `problem` event.
   */
  async start(
    place: () => Promise<PlacedCall>,
    options: { readonly microphoneFirst: boolean; readonly muted: boolean },
  ): Promise<void> {
    const { dispatch, nowMs, prefersSocket } = this.#deps;
    this.#beginsMuted = options.muted;
    try {
      const stack = this.#deps.loadStack().catch((cause: unknown) => {
        throw new CallFailure('network', cause);
      });
      const microphone = this.#openMicrophone();
      if (options.microphoneFirst) await microphone;
      // Given up while the browser asked: no call is placed.
      if (this.#closed) return;
      const joining = Promise.all([stack, place().catch(failed)]).then(([{ openSignaling }, placed]) => {
        this.#link = this.#createLink(openSignaling, placed);
        return this.#link.join();
      });
      const [answer] = await Promise.all([joining, microphone]).catch((error: unknown) => {
        // The call may open all the same: without a microphone it should end now, not when the server misses us.
        joining.then(() => this.#link?.close({ hangUp: true })).catch(() => undefined);
        throw error;
      });
      if (this.#isClosed()) return this.#link?.close({ hangUp: true });
      const muted = options.muted;
      dispatch({ type: 'joined', answer, muted, prefersSocket: prefersSocket(), atMs: nowMs() });
      this.#remember();
      this.#sayEarly();
      // The call may have ended among what was said early.
      if (!this.#isClosed()) await this.#voice.openPeer(this.#link?.signaling, answer).catch(failed);
    } catch (error) {
      if (this.#closed) return;
      const problem = error instanceof CallFailure ? error.problem : 'server';
      // The learner is told what to do; the cause is for whoever looks into it.
      if (problem === 'server') console.error('The call failed', error instanceof CallFailure ? error.cause : error);
      const callId = this.#link?.place.call_id;
      dispatch({ type: 'problem', problem, ...(callId === undefined ? {} : { callId }) });
    }
  }

  run(effect: CallEffect): void {
    switch (effect.type) {
      case 'start_give_up_timer':
        clearTimeout(this.#giveUpTimer);
        this.#giveUpTimer = setTimeout(
          () => this.#deps.dispatch({ type: 'gave_up', atMs: this.#deps.nowMs() }),
          GIVE_UP_MS,
        );
        return;
      case 'stop_give_up_timer':
        clearTimeout(this.#giveUpTimer);
        clearTimeout(this.#iceTimer);
        return;
      case 'restart_ice':
        clearTimeout(this.#iceTimer);
        this.#iceTimer = setTimeout(
          () => this.#deps.dispatch({ type: 'ice_retry_due' }),
          this.#voice.bySocket ? CALM_ICE_RETRY_MS : ICE_RETRY_MS,
        );
        this.#voice.restartIce();
        return;
      case 'start_socket_timer':
        clearTimeout(this.#socketTimer);
        this.#socketTimer = setTimeout(() => this.#deps.dispatch({ type: 'socket_due' }), SOCKET_AFTER_MS);
        return;
      case 'open_socket':
        void this.#voice.openSocket(this.#link?.signaling);
        return;
      case 'close_socket':
        this.#voice.closeSocket();
        this.#link?.request('voice:close', {}).catch(() => undefined);
        return;
      case 'tell_muted':
        this.#voice.setMicrophone(!effect.muted);
        this.#remember();
        this.#link?.request('call:mute', { muted: effect.muted }).catch(() => undefined);
        return;
      case 'tell_hang_up':
        this.#voice.setMicrophone(false);
        this.#link?.request('call:hang-up', {}).catch(() => undefined);
        // The end comes as an event; without a network the page ends by itself.
        this.#hangUpTimer = setTimeout(() => this.#endHere('hang_up'), HANG_UP_ANSWER_MS);
        return;
      case 'release':
        this.close({ hangUp: effect.hangUp });
    }
  }

  /** Goes on with another microphone. Throws the browser's `DOMException`; the old one stays then. */
  changeMicrophone(): Promise<void> {
    return this.#voice.changeMicrophone();
  }

  /** Idempotent. `hangUp`: the server has not heard of the end; a call that is just being entered ends once it is. */
  close(options: { readonly hangUp: boolean }): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const timer of [this.#giveUpTimer, this.#iceTimer, this.#socketTimer, this.#hangUpTimer]) clearTimeout(timer);
    this.#voice.close();
    // A first join that is under way is let through: `start()` hangs up after it.
    if (this.#link?.joined || !options.hangUp) this.#link?.close(options);
  }

  /** Asked again after something that may have closed it: a plain field would count as known. */
  #isClosed(): boolean {
    return this.#closed;
  }

  #isMuted(): boolean {
    const state = this.#deps.readState();
    return state.status === 'live' ? state.muted : this.#beginsMuted;
  }

  async #openMicrophone(): Promise<void> {
    await this.#voice.openMicrophone();
    this.#deps.dispatch({ type: 'microphone_ready' });
  }

  #createLink(openSignaling: OpenSignaling, place: PlacedCall): CallLink {
    return new CallLink({
      place,
      openSignaling,
      replaceCall: this.#deps.replaceCall,
      nowMs: this.#deps.nowMs,
      onEvent: (event) => {
        if (this.#early) this.#early.push(event);
        else this.#deps.dispatch(event);
      },
      onVoice: (event) => this.#voice.take(event),
      onBack: () => void this.#joinAgain(),
      onPlace: (_place, moved) => {
        this.#remember();
        if (moved) this.#voice.dropPeer();
      },
      onGone: () => this.#endHere('connection_lost'),
    });
  }

  #sayEarly(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const event of early) this.#deps.dispatch(event);
  }

  async #joinAgain(): Promise<void> {
    const { dispatch, nowMs, prefersSocket, readState } = this.#deps;
    try {
      const answer = await this.#link?.joinAgain(this.#voice.hasPeer);
      if (!answer || this.#closed) return;
      const state = readState();
      const muted = this.#isMuted();
      dispatch({ type: 'joined', answer, muted, prefersSocket: prefersSocket(), atMs: nowMs() });
      if (answer.transports !== null) await this.#voice.openPeer(this.#link?.signaling, answer);
      // Pressed while the network was away.
      if (state.status === 'live' && state.ending) this.run({ type: 'tell_hang_up' });
    } catch (error) {
      if (this.#closed) return;
      const problem = problemOfCode(codeOf(error));
      if (problem === 'call_gone') this.#endHere('connection_lost');
      // Lost once more in the middle: the next connection, or giving up, settles it.
      else if (problem !== 'network') dispatch({ type: 'problem', problem });
    }
  }

  #endHere(reason: 'connection_lost' | 'hang_up'): void {
    this.#deps.dispatch({ type: 'ended', reason, talkedMs: undefined, atMs: this.#deps.nowMs() });
  }

  #remember(): void {
    const place = this.#link?.place;
    if (!place || this.#closed) return;
    const muted = this.#isMuted();
    this.#deps.onEntered({ callId: place.call_id, token: place.token, path: place.signaling.path, muted });
  }
}
