import type { JoinAnswer } from '../../../src/media/protocol.ts';
import type { PlacedCall } from '../api/types.ts';
import { CallFailure, codeOf, failed } from './call-failure.ts';
import { CallLink } from './call-link.ts';
import { GIVE_UP_MS, SOCKET_AFTER_MS } from './call-state.ts';
import type { CallEffect, CallEvent, CallState } from './call-state.ts';
import { judgeConnection } from './connection-quality.ts';
import type { ConnectionQuality, LinkSample } from './connection-quality.ts';
import type { OpenPeer, Peer } from './peer.ts';
import { microphoneProblem, problemOfCode } from './problems.ts';
import type { SavedCall } from './saved-call.ts';
import type { OpenSignaling } from './signaling.ts';
import type { OpenSocketVoice, SocketVoice, VoiceEvent } from './socket-voice.ts';

export interface CallRunDependencies {
  /** The code that talks to the media process; loaded when it is needed first. */
  readonly loadStack: () => Promise<{
    openSignaling: OpenSignaling;
    openPeer: OpenPeer;
    openSocketVoice: OpenSocketVoice;
  }>;
  readonly openMicrophone: () => Promise<MediaStream>;
  /** Where the call is to be joined now: its media node may be gone, its token too old. */
  readonly replaceCall: (callId: string) => Promise<PlacedCall>;
  readonly onMicrophone: (stream: MediaStream) => void;
  readonly onTutorTrack: (track: MediaStreamTrack) => void;
  readonly onQuality: (quality: ConnectionQuality) => void;
  /** What a reloaded page would need to enter the call again. */
  readonly onEntered: (call: SavedCall) => void;
  readonly dispatch: (event: CallEvent) => void;
  readonly readState: () => CallState;
  /** The learner's choice: over the socket whatever WebRTC does. */
  readonly prefersSocket: () => boolean;
  readonly nowMs: () => number;
}

const ICE_RETRY_MS = 4_000;
/** While the voice goes over the socket nobody waits for it. */
const CALM_ICE_RETRY_MS = 12_000;
const HANG_UP_ANSWER_MS = 2_500;
const SAMPLE_MS = 2_000;

/** One call from the press to its end: owns the microphone, the link and the transports, and runs the effects. */
export class CallRun {
  readonly #deps: CallRunDependencies;
  #closed = false;
  #link: CallLink | undefined;
  #peer: Peer | undefined;
  #socketVoice: SocketVoice | undefined;
  /** Counts the openings: one that was given up meanwhile is closed when it is there. */
  #socketOpenings = 0;
  /** What came of the voice while it was being opened: long polling brings it together with the answer. */
  #earlyVoice: VoiceEvent[] | undefined;
  #peerTrack: MediaStreamTrack | undefined;
  #stream: MediaStream | undefined;
  #giveUpTimer: ReturnType<typeof setTimeout> | undefined;
  #iceTimer: ReturnType<typeof setTimeout> | undefined;
  #socketTimer: ReturnType<typeof setTimeout> | undefined;
  #hangUpTimer: ReturnType<typeof setTimeout> | undefined;
  #sampleTimer: ReturnType<typeof setInterval> | undefined;
  #lastSample: LinkSample | undefined;
  /** What the server says between its answer to the first join and the page's being in the call. */
  #early: CallEvent[] | undefined = [];

  constructor(deps: CallRunDependencies) {
    this.#deps = deps;
  }

  /**
   * Asks for the microphone and for a place at the same time. `microphoneFirst`: the browser will ask the learner, who may
   * take their time; the call waits for the answer. Never throws: a failure is a `problem` event.
   */
  async start(
    place: () => Promise<PlacedCall>,
    options: { readonly microphoneFirst: boolean; readonly muted: boolean },
  ): Promise<void> {
    const { dispatch, nowMs } = this.#deps;
    try {
      const stack = this.#deps.loadStack().catch((cause: unknown) => {
        throw new CallFailure('network', cause);
      });
      const microphone = this.#openMicrophone(options.muted);
      if (options.microphoneFirst) await microphone;
      const joining = Promise.all([stack, place().catch(failed)]).then(([{ openSignaling }, placed]) => {
        this.#link = this.#createLink(openSignaling, placed);
        return this.#link.join();
      });
      const [stream, answer] = await Promise.all([microphone, joining]).catch((error: unknown) => {
        // The call may open all the same: without a microphone it should end now, not when the server misses us.
        joining.then(() => this.#link?.close({ hangUp: true })).catch(() => undefined);
        throw error;
      });
      if (this.#closed) return this.#link?.close({ hangUp: true });
      const prefersSocket = this.#deps.prefersSocket();
      dispatch({ type: 'joined', answer, muted: options.muted, prefersSocket, atMs: nowMs() });
      this.#remember(options.muted);
      this.#sayEarly();
      // The call may have ended among what was said early.
      if (!this.#isClosed()) await this.#openPeer((await stack).openPeer, answer, stream).catch(failed);
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
          this.#socketVoice ? CALM_ICE_RETRY_MS : ICE_RETRY_MS,
        );
        this.#peer?.restartIce().catch(() => undefined);
        return;
      case 'start_socket_timer':
        clearTimeout(this.#socketTimer);
        this.#socketTimer = setTimeout(() => this.#deps.dispatch({ type: 'socket_due' }), SOCKET_AFTER_MS);
        return;
      case 'open_socket':
        void this.#openSocketVoice();
        return;
      case 'close_socket':
        this.#closeSocketVoice();
        this.#link?.request('voice:close', {}).catch(() => undefined);
        return;
      case 'tell_muted':
        this.#setMicrophone(!effect.muted);
        this.#remember(effect.muted);
        this.#link?.request('call:mute', { muted: effect.muted }).catch(() => undefined);
        return;
      case 'tell_hang_up':
        this.#setMicrophone(false);
        this.#link?.request('call:hang-up', {}).catch(() => undefined);
        // The end comes as an event; without a network the page ends by itself.
        this.#hangUpTimer = setTimeout(() => this.#endHere('hang_up'), HANG_UP_ANSWER_MS);
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
    for (const timer of [this.#giveUpTimer, this.#iceTimer, this.#socketTimer, this.#hangUpTimer]) clearTimeout(timer);
    clearInterval(this.#sampleTimer);
    this.#socketVoice?.close();
    this.#peer?.close();
    stopTracks(this.#stream);
    // A first join that is under way is let through: `start()` hangs up after it.
    if (this.#link?.joined || !options.hangUp) this.#link?.close(options);
  }

  /** Asked again after something that may have closed it: a plain field would count as known. */
  #isClosed(): boolean {
    return this.#closed;
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
      onVoice: (event) => {
        if (this.#socketVoice) this.#socketVoice.take(event);
        else this.#earlyVoice?.push(event);
      },
      onBack: () => void this.#joinAgain(),
      onPlace: (_place, moved) => {
        const state = this.#deps.readState();
        this.#remember(state.status === 'live' && state.muted);
        if (!moved) return;
        this.#peer?.close();
        this.#peer = undefined;
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
    const { dispatch, nowMs, loadStack } = this.#deps;
    try {
      const answer = await this.#link?.joinAgain(this.#peer !== undefined);
      if (!answer || this.#closed) return;
      const state = this.#deps.readState();
      const muted = state.status === 'live' && state.muted;
      dispatch({ type: 'joined', answer, muted, prefersSocket: this.#deps.prefersSocket(), atMs: nowMs() });
      if (answer.transports !== null && this.#stream) {
        this.#peer?.close();
        await this.#openPeer((await loadStack()).openPeer, answer, this.#stream);
      }
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

  async #openMicrophone(muted: boolean): Promise<MediaStream> {
    const stream = await this.#deps.openMicrophone().catch((cause: unknown) => {
      throw new CallFailure(microphoneProblem(cause), cause);
    });
    if (this.#closed) {
      stopTracks(stream);
      return stream;
    }
    await this.#useMicrophone(stream);
    this.#setMicrophone(!muted);
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
    await Promise.all([this.#peer?.replaceTrack(track), this.#socketVoice?.replaceStream(stream)]);
    stopTracks(before);
    onMicrophone(stream);
    dispatch({ type: 'notice_gone', code: 'microphone_lost' });
  }

  #setMicrophone(on: boolean): void {
    for (const track of this.#stream?.getAudioTracks() ?? []) track.enabled = on;
  }

  async #openPeer(openPeer: OpenPeer, answer: JoinAnswer, stream: MediaStream): Promise<void> {
    const track = stream.getAudioTracks()[0];
    const signaling = this.#link?.signaling;
    if (!answer.transports || !signaling || !track) throw new CallFailure('server', undefined);
    const { dispatch, nowMs, onTutorTrack } = this.#deps;
    const peer = await openPeer({
      signaling,
      answer,
      transports: answer.transports,
      track,
      onTutorTrack: (tutorTrack) => {
        this.#peerTrack = tutorTrack;
        if (!this.#socketVoice) onTutorTrack(tutorTrack);
      },
      onLink: (link) => dispatch({ type: 'media', link, atMs: nowMs() }),
    });
    if (this.#closed) return peer.close();
    this.#peer = peer;
    clearInterval(this.#sampleTimer);
    this.#lastSample = undefined;
    this.#sampleTimer = setInterval(() => void this.#sample(peer), SAMPLE_MS);
  }

  async #openSocketVoice(): Promise<void> {
    const { dispatch, nowMs, onTutorTrack, loadStack } = this.#deps;
    const opening = ++this.#socketOpenings;
    this.#socketVoice?.close();
    this.#socketVoice = undefined;
    const early: VoiceEvent[] = (this.#earlyVoice = []);
    const fail = (): void => {
      if (opening === this.#socketOpenings && !this.#closed)
        dispatch({ type: 'socket', status: 'failed', atMs: nowMs() });
    };
    const signaling = this.#link?.signaling;
    const stream = this.#stream;
    if (!signaling || !stream) return fail();
    try {
      const { openSocketVoice } = await loadStack();
      const voice = await openSocketVoice({ signaling, stream, onTutorTrack, onFailed: fail });
      if (opening !== this.#socketOpenings || this.#closed) return voice.close();
      this.#socketVoice = voice;
      for (const event of early) voice.take(event);
      // Chosen while it was being opened.
      if (this.#stream && this.#stream !== stream) await voice.replaceStream(this.#stream);
      // It may have broken off by now.
      if (opening === this.#socketOpenings) dispatch({ type: 'socket', status: 'on', atMs: nowMs() });
    } catch (error) {
      console.warn('The voice could not go over the socket', error);
      fail();
    } finally {
      if (this.#earlyVoice === early) this.#earlyVoice = undefined;
    }
  }

  #closeSocketVoice(): void {
    this.#socketOpenings += 1;
    this.#socketVoice?.close();
    this.#socketVoice = undefined;
    if (this.#peerTrack) this.#deps.onTutorTrack(this.#peerTrack);
  }

  async #sample(peer: Peer): Promise<void> {
    const sample = await peer.sample().catch(() => undefined);
    if (!sample || this.#closed) return;
    this.#deps.onQuality(judgeConnection(this.#lastSample, sample));
    this.#lastSample = sample;
  }

  #endHere(reason: 'connection_lost' | 'hang_up'): void {
    this.#deps.dispatch({ type: 'ended', reason, talkedMs: undefined, atMs: this.#deps.nowMs() });
  }

  #remember(muted: boolean): void {
    const place = this.#link?.place;
    if (!place || this.#closed) return;
    this.#deps.onEntered({ callId: place.call_id, token: place.token, path: place.signaling.path, muted });
  }
}

function stopTracks(stream: MediaStream | undefined): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
