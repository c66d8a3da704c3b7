import type { CallEventName, CallEvents, JoinAnswer } from '../../../src/media/protocol.ts';
import type { PlacedCall } from '../api/types.ts';
import { GIVE_UP_MS } from './call-state.ts';
import type { CallEffect, CallEvent, CallState } from './call-state.ts';
import { judgeConnection } from './connection-quality.ts';
import type { ConnectionQuality, LinkSample } from './connection-quality.ts';
import type { OpenPeer, Peer } from './peer.ts';
import { CallFailure, codeOf, failed } from './call-failure.ts';
import { microphoneProblem, problemOfCode } from './problems.ts';
import type { SavedCall } from './saved-call.ts';
import type { OpenSignaling, Signaling, SignalingEvents } from './signaling.ts';

export interface CallRunDependencies {
  /** The code that talks to the media process; loaded when it is needed first. */
  readonly loadStack: () => Promise<{ openSignaling: OpenSignaling; openPeer: OpenPeer }>;
  readonly openMicrophone: () => Promise<MediaStream>;
  /** Where the call is to be joined now: its media node may be gone, its token too old. */
  readonly replaceCall: (callId: string) => Promise<PlacedCall>;
  readonly onMicrophone: (stream: MediaStream) => void;
  readonly onTutorTrack: (track: MediaStreamTrack) => void;
  readonly onQuality: (quality: ConnectionQuality) => void;
  /** The call is entered: what a reloaded page would need. */
  readonly onEntered: (call: SavedCall) => void;
  readonly dispatch: (event: CallEvent) => void;
  readonly readState: () => CallState;
  readonly nowMs: () => number;
}

const ICE_RETRY_MS = 4_000;
const JOIN_RETRY_MS = 1_000;
/** A node that restarts is back sooner; one that is gone has been noticed by then. */
const RELOCATE_AFTER_MS = 6_000;
const HANG_UP_ANSWER_MS = 2_500;
const SAMPLE_MS = 2_000;
const CONNECT_TIMEOUT_MS = 12_000;

/** One call from the press to its end: owns the microphone, the socket and the transports, and runs the effects. */
export class CallRun {
  readonly #deps: CallRunDependencies;
  #closed = false;
  #entered = false;
  #place: PlacedCall | undefined;
  #signaling: Signaling | undefined;
  #peer: Peer | undefined;
  #stream: MediaStream | undefined;
  #giveUpTimer: ReturnType<typeof setTimeout> | undefined;
  #iceTimer: ReturnType<typeof setTimeout> | undefined;
  #hangUpTimer: ReturnType<typeof setTimeout> | undefined;
  #relocateTimer: ReturnType<typeof setTimeout> | undefined;
  #sampleTimer: ReturnType<typeof setInterval> | undefined;
  #lastSample: LinkSample | undefined;

  constructor(deps: CallRunDependencies) {
    this.#deps = deps;
  }

  /**
   * Asks for the microphone and for a place at the same time. `microphoneFirst`: the browser will ask the learner, who may
   * take their time; the call waits for the answer. Never throws: a failure is a `problem` event.
   */
  async start(place: () => Promise<PlacedCall>, options: { microphoneFirst: boolean; muted: boolean }): Promise<void> {
    const { dispatch, nowMs } = this.#deps;
    try {
      const stack = this.#deps.loadStack().catch((cause: unknown) => {
        throw new CallFailure('network', cause);
      });
      const microphone = this.#openMicrophone(options.muted);
      if (options.microphoneFirst) await microphone;
      const joining = Promise.all([stack, place().catch(failed)]).then(([loaded, placed]) => {
        this.#place = placed;
        return this.#connect(loaded.openSignaling, placed);
      });
      // Both are awaited together below; until then neither may count as unhandled.
      joining.catch(() => undefined);
      const [stream, answer] = await Promise.all([microphone, joining]).catch(async (error: unknown) => {
        // The call may be open already: without a microphone it should end now, not when the server misses us.
        joining.then(() => this.#hangUpQuietly()).catch(() => undefined);
        throw error;
      });
      if (this.#closed) return this.#hangUpQuietly();
      dispatch({ type: 'joined', answer, muted: options.muted, atMs: nowMs() });
      this.#remember(options.muted);
      await this.#openPeer((await stack).openPeer, answer, stream).catch(failed);
    } catch (error) {
      if (this.#closed) return;
      const problem = error instanceof CallFailure ? error.problem : 'server';
      const callId = this.#place?.call_id;
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
        this.#iceTimer = setTimeout(() => this.#deps.dispatch({ type: 'ice_retry_due' }), ICE_RETRY_MS);
        this.#peer?.restartIce().catch(() => undefined);
        return;
      case 'tell_muted':
        for (const track of this.#stream?.getAudioTracks() ?? []) track.enabled = !effect.muted;
        this.#remember(effect.muted);
        this.#signaling?.request('call:mute', { muted: effect.muted }).catch(() => undefined);
        return;
      case 'tell_hang_up':
        for (const track of this.#stream?.getAudioTracks() ?? []) track.enabled = false;
        this.#signaling?.request('call:hang-up', {}).catch(() => undefined);
        // The end comes as an event; without a network the page ends by itself.
        this.#hangUpTimer = setTimeout(
          () =>
            this.#deps.dispatch({ type: 'ended', reason: 'hang_up', talkedMs: undefined, atMs: this.#deps.nowMs() }),
          HANG_UP_ANSWER_MS,
        );
        return;
      case 'release':
        this.close({ hangUp: effect.hangUp });
    }
  }

  /** Goes on with another microphone. Throws the browser's `DOMException`; the old one stays then. */
  async changeMicrophone(): Promise<void> {
    const next = await this.#deps.openMicrophone();
    if (this.#closed) return stopTracks(next);
    await this.#useMicrophone(next);
  }

  /** Idempotent. `hangUp`: the server has not heard of the end; a call that is just being entered ends once it is. */
  close(options: { readonly hangUp: boolean }): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const timer of [this.#giveUpTimer, this.#iceTimer, this.#hangUpTimer, this.#relocateTimer])
      clearTimeout(timer);
    clearInterval(this.#sampleTimer);
    this.#peer?.close();
    stopTracks(this.#stream);
    if (!options.hangUp) this.#signaling?.close();
    else if (this.#entered) this.#hangUpQuietly();
  }

  async #openMicrophone(muted: boolean): Promise<MediaStream> {
    const stream = await this.#deps.openMicrophone().catch((cause: unknown) => {
      throw new CallFailure(microphoneProblem(cause), cause);
    });
    if (this.#closed) {
      stopTracks(stream);
      return stream;
    }
    for (const track of stream.getAudioTracks()) track.enabled = !muted;
    await this.#useMicrophone(stream);
    this.#deps.dispatch({ type: 'microphone_ready' });
    return stream;
  }

  async #useMicrophone(stream: MediaStream): Promise<void> {
    const { dispatch, readState, onMicrophone } = this.#deps;
    const track = stream.getAudioTracks()[0];
    if (!track) throw new CallFailure('microphone_missing', undefined);
    const state = readState();
    if (state.status === 'live') track.enabled = !state.muted;
    track.addEventListener('ended', () => {
      if (this.#closed || this.#stream !== stream) return;
      // Unplugged: the system's next one takes over where there is one.
      this.changeMicrophone().catch(() =>
        dispatch({ type: 'notice', notice: { code: 'microphone_lost', message: '' } }),
      );
    });
    track.addEventListener('mute', () =>
      dispatch({ type: 'notice', notice: { code: 'microphone_muted', message: '' } }),
    );
    track.addEventListener('unmute', () => dispatch({ type: 'notice_gone', code: 'microphone_muted' }));
    const before = this.#stream;
    this.#stream = stream;
    await this.#peer?.replaceTrack(track);
    stopTracks(before);
    onMicrophone(stream);
    dispatch({ type: 'notice_gone', code: 'microphone_lost' });
  }

  /** Opens signaling and joins for the first time. Later joins are made when the connection comes back. */
  #connect(openSignaling: OpenSignaling, place: PlacedCall): Promise<JoinAnswer> {
    return new Promise((resolve, reject) => {
      const refuse = (problem: CallFailure): void => {
        clearTimeout(deadline);
        signaling.close();
        reject(problem);
      };
      const deadline = setTimeout(() => refuse(new CallFailure('network', undefined)), CONNECT_TIMEOUT_MS);
      const signaling = this.#open(openSignaling, place, {
        connected: () => {
          signaling.request('call:join', { protocol: 1, keep_transports: false }).then(
            (answer) => {
              this.#entered = true;
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

  #open(
    openSignaling: OpenSignaling,
    place: PlacedCall,
    first: Pick<SignalingEvents, 'connected' | 'refused'> | undefined,
  ): Signaling {
    const signaling: Signaling = openSignaling({
      path: place.signaling.path,
      token: place.token,
      events: {
        connected: (again) => {
          if (first && !this.#entered) first.connected(again);
          else void this.#joinAgain();
        },
        refused: (code) => {
          if (first && !this.#entered) first.refused(code);
          else this.#relocateIn(JOIN_RETRY_MS);
        },
        lost: () => {
          this.#deps.dispatch({ type: 'signaling_lost' });
          if (this.#entered) this.#relocateIn(RELOCATE_AFTER_MS);
        },
        event: (name, payload) => {
          if (signaling === this.#signaling) this.#onEvent(name, payload);
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

  /** The connection does not come back by itself: asks where the call is now, and with a fresh token. */
  async #relocate(): Promise<void> {
    const before = this.#place;
    if (!before || this.#closed) return;
    try {
      const place = await this.#deps.replaceCall(before.call_id);
      const { openSignaling } = await this.#deps.loadStack();
      if (this.#closed) return;
      this.#place = place;
      const state = this.#deps.readState();
      this.#remember(state.status === 'live' && state.muted);
      this.#signaling?.close();
      if (place.signaling.path !== before.signaling.path) {
        // Transports of another node.
        this.#peer?.close();
        this.#peer = undefined;
      }
      this.#open(openSignaling, place, undefined);
      this.#relocateIn(RELOCATE_AFTER_MS);
    } catch (error) {
      if (problemOfCode(codeOf(error)) === 'call_gone') this.#endHere('connection_lost');
      else this.#relocateIn(RELOCATE_AFTER_MS);
    }
  }

  async #joinAgain(): Promise<void> {
    const { dispatch, nowMs, loadStack } = this.#deps;
    const signaling = this.#signaling;
    if (!signaling || this.#closed) return;
    try {
      const keep = this.#peer !== undefined;
      const answer = await signaling
        .request('call:join', { protocol: 1, keep_transports: keep })
        .catch((error: unknown) => {
          if (codeOf(error) !== 'transports_gone') throw error;
          return signaling.request('call:join', { protocol: 1, keep_transports: false });
        });
      if (this.#closed || signaling !== this.#signaling) return;
      clearTimeout(this.#relocateTimer);
      const state = this.#deps.readState();
      dispatch({ type: 'joined', answer, muted: state.status === 'live' && state.muted, atMs: nowMs() });
      if (answer.transports !== null && this.#stream) {
        this.#peer?.close();
        await this.#openPeer((await loadStack()).openPeer, answer, this.#stream);
      }
      // Pressed while the network was away.
      if (state.status === 'live' && state.ending) this.run({ type: 'tell_hang_up' });
    } catch (error) {
      if (this.#closed || signaling !== this.#signaling) return;
      const code = codeOf(error);
      // No answer: the connection is lost again, and its return joins; or the server is slow, and a new place is asked for.
      if (code === 'network' || code === 'call_on_other_node') this.#relocateIn(JOIN_RETRY_MS);
      else if (problemOfCode(code) === 'call_gone') this.#endHere('connection_lost');
      else dispatch({ type: 'problem', problem: problemOfCode(code) });
    }
  }

  async #openPeer(openPeer: OpenPeer, answer: JoinAnswer, stream: MediaStream): Promise<void> {
    const track = stream.getAudioTracks()[0];
    if (!answer.transports || !this.#signaling || !track) throw new CallFailure('server', undefined);
    const { dispatch, nowMs, onTutorTrack } = this.#deps;
    const peer = await openPeer({
      signaling: this.#signaling,
      answer,
      transports: answer.transports,
      track,
      onTutorTrack,
      onLink: (link) => dispatch({ type: 'media', link, atMs: nowMs() }),
    });
    if (this.#closed) return peer.close();
    this.#peer = peer;
    clearInterval(this.#sampleTimer);
    this.#lastSample = undefined;
    this.#sampleTimer = setInterval(() => void this.#sample(peer), SAMPLE_MS);
  }

  async #sample(peer: Peer): Promise<void> {
    const sample = await peer.sample().catch(() => undefined);
    if (!sample || this.#closed) return;
    this.#deps.onQuality(judgeConnection(this.#lastSample, sample));
    this.#lastSample = sample;
  }

  #onEvent<Name extends CallEventName>(name: Name, payload: CallEvents[Name]): void {
    if (this.#closed) return;
    const event = { name, payload } as {
      [Each in CallEventName]: { name: Each; payload: CallEvents[Each] };
    }[CallEventName];
    const { dispatch, nowMs } = this.#deps;
    switch (event.name) {
      case 'call:phase':
        return dispatch({ type: 'phase', phase: event.payload.phase });
      case 'caption:update':
        return dispatch({ type: 'caption', caption: event.payload });
      case 'turn:latency':
        return dispatch({ type: 'latency', latency: event.payload });
      case 'minutes:left':
        return dispatch({ type: 'minutes', minutes: event.payload, atMs: nowMs() });
      case 'call:notice':
        return dispatch({ type: 'notice', notice: event.payload });
      case 'call:taken-over':
        return dispatch({ type: 'problem', problem: 'taken_over' });
      case 'call:ended':
        return dispatch({
          type: 'ended',
          reason: event.payload.reason,
          talkedMs: event.payload.talked_ms,
          atMs: nowMs(),
        });
    }
  }

  #endHere(reason: 'connection_lost'): void {
    this.#deps.dispatch({ type: 'ended', reason, talkedMs: undefined, atMs: this.#deps.nowMs() });
  }

  #remember(muted: boolean): void {
    const place = this.#place;
    if (!place || this.#closed) return;
    this.#deps.onEntered({ callId: place.call_id, token: place.token, path: place.signaling.path, muted });
  }

  #hangUpQuietly(): void {
    const signaling = this.#signaling;
    if (!signaling) return;
    signaling
      .request('call:hang-up', {})
      .catch(() => undefined)
      .finally(() => signaling.close());
  }
}

function stopTracks(stream: MediaStream | undefined): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
