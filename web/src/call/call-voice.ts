import type { JoinAnswer } from '../../../src/media/protocol.ts';
import { CallFailure } from './call-failure.ts';
import type { CallEvent } from './call-step.ts';
import { judgeConnection } from './connection-quality.ts';
import type { ConnectionQuality, LinkSample } from './connection-quality.ts';
import type { OpenPeer, Peer } from './peer.ts';
import { microphoneProblem } from './problems.ts';
import type { Signaling } from './signaling.ts';
import type { OpenSocketVoice, SocketVoice, VoiceEvent } from './socket-voice.ts';

export interface CallVoiceDependencies {
  /** The code that carries a voice; loaded when it is needed first. */
  readonly loadStack: () => Promise<{ openPeer: OpenPeer; openSocketVoice: OpenSocketVoice }>;
  readonly openMicrophone: () => Promise<MediaStream>;
  readonly onMicrophone: (stream: MediaStream) => void;
  readonly onTutorTrack: (track: MediaStreamTrack) => void;
  readonly onQuality: (quality: ConnectionQuality) => void;
  readonly dispatch: (event: CallEvent) => void;
  readonly isMuted: () => boolean;
  readonly nowMs: () => number;
}

const SAMPLE_MS = 2_000;

/**
 * The learner's microphone and the two ways that the voices go: WebRTC, and signaling's connection where that does not get
 * through. Each opening is counted: one that was given up meanwhile is closed when it is there, and neither that nor its
 * failure is heard of.
 */
export class CallVoice {
  readonly #deps: CallVoiceDependencies;
  #closed = false;
  #stream: MediaStream | undefined;
  #microphoneChanges = 0;
  #peer: Peer | undefined;
  #peerOpenings = 0;
  #peerTrack: MediaStreamTrack | undefined;
  #socket: SocketVoice | undefined;
  #socketOpenings = 0;
  /** What came of the voice while it was being opened: long polling brings it together with the answer. */
  #earlyVoice: VoiceEvent[] | undefined;
  #sampleTimer: ReturnType<typeof setInterval> | undefined;
  #lastSample: LinkSample | undefined;

  constructor(deps: CallVoiceDependencies) {
    this.#deps = deps;
  }

  /** The transports stand, connected or not. */
  get hasPeer(): boolean {
    return this.#peer !== undefined;
  }
  get bySocket(): boolean {
    return this.#socket !== undefined;
  }

  /** For the first time. Throws `CallFailure`. */
  async openMicrophone(): Promise<void> {
    const stream = await this.#deps.openMicrophone().catch((cause: unknown) => {
      throw new CallFailure(microphoneProblem(cause), cause);
    });
    if (this.#closed) return stopTracks(stream);
    await this.#use(stream);
  }

  /** Goes on with another microphone. Throws the browser's `DOMException`; the old one stays then. */
  async changeMicrophone(): Promise<void> {
    const change = ++this.#microphoneChanges;
    const next = await this.#deps.openMicrophone();
    if (this.#closed || change !== this.#microphoneChanges) return stopTracks(next);
    await this.#use(next);
  }

  /** Silence instead of the learner's voice, or that voice again. */
  setMicrophone(on: boolean): void {
    for (const track of this.#stream?.getAudioTracks() ?? []) track.enabled = on;
  }

  /** With the transports of the answer, in place of those before. Throws `CallFailure`, `SignalingError` or what the browser throws. */
  async openPeer(signaling: Signaling | undefined, answer: JoinAnswer): Promise<void> {
    this.dropPeer();
    const opening = this.#peerOpenings;
    const isWanted = (): boolean => opening === this.#peerOpenings && !this.#closed;
    try {
      await this.#openPeer(signaling, answer, isWanted);
    } catch (error) {
      if (isWanted()) throw error;
    }
  }

  /** The transports are of no use any more. */
  dropPeer(): void {
    this.#peerOpenings += 1;
    this.#peer?.close();
    this.#peer = undefined;
    this.#peerTrack = undefined;
    clearInterval(this.#sampleTimer);
    this.#lastSample = undefined;
  }

  restartIce(): void {
    this.#peer?.restartIce().catch(() => undefined);
  }

  /** Never throws: what came of it is a `socket` event. */
  async openSocket(signaling: Signaling | undefined): Promise<void> {
    const { dispatch, nowMs, onTutorTrack, loadStack } = this.#deps;
    const opening = ++this.#socketOpenings;
    this.#socket?.close();
    this.#socket = undefined;
    const isWanted = (): boolean => opening === this.#socketOpenings && !this.#closed;
    const early: VoiceEvent[] = (this.#earlyVoice = []);
    const fail = (): void => {
      if (isWanted()) dispatch({ type: 'socket', status: 'failed', atMs: nowMs() });
    };
    const stream = this.#stream;
    if (!signaling || !stream) return fail();
    try {
      const { openSocketVoice } = await loadStack();
      const voice = await openSocketVoice({
        signaling,
        stream,
        onTutorTrack: (track) => {
          if (isWanted()) onTutorTrack(track);
        },
        onFailed: fail,
      });
      if (!isWanted()) return voice.close();
      this.#socket = voice;
      for (const event of early) voice.take(event);
      // Chosen while it was being opened.
      if (this.#stream && this.#stream !== stream) await voice.replaceStream(this.#stream);
      // It may have broken off by now.
      if (isWanted()) dispatch({ type: 'socket', status: 'on', atMs: nowMs() });
    } catch (error) {
      console.warn('The voice could not go over the socket', error);
      fail();
    } finally {
      if (this.#earlyVoice === early) this.#earlyVoice = undefined;
    }
  }

  /** Back to what comes by WebRTC. */
  closeSocket(): void {
    this.#socketOpenings += 1;
    this.#socket?.close();
    this.#socket = undefined;
    if (this.#peerTrack) this.#deps.onTutorTrack(this.#peerTrack);
  }

  /** An event of the voice over the socket. */
  take(event: VoiceEvent): void {
    if (this.#socket) this.#socket.take(event);
    else this.#earlyVoice?.push(event);
  }

  /** Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket?.close();
    this.dropPeer();
    stopTracks(this.#stream);
  }

  async #openPeer(signaling: Signaling | undefined, answer: JoinAnswer, isWanted: () => boolean): Promise<void> {
    const track = this.#track();
    if (!answer.transports || !signaling || !track) throw new CallFailure('server', undefined);
    const { dispatch, nowMs, onTutorTrack, loadStack } = this.#deps;
    const { openPeer } = await loadStack();
    if (!isWanted()) return;
    const peer = await openPeer({
      signaling,
      answer,
      transports: answer.transports,
      track,
      onTutorTrack: (tutorTrack) => {
        if (!isWanted()) return;
        this.#peerTrack = tutorTrack;
        if (!this.#socket) onTutorTrack(tutorTrack);
      },
      onLink: (link) => {
        if (isWanted()) dispatch({ type: 'media', link, atMs: nowMs() });
      },
    });
    if (!isWanted()) return peer.close();
    this.#peer = peer;
    this.#sampleTimer = setInterval(() => void this.#sample(peer), SAMPLE_MS);
    // Another microphone was chosen while it was being opened.
    const now = this.#track();
    if (now && now !== track) await peer.replaceTrack(now);
  }

  #track(): MediaStreamTrack | undefined {
    return this.#stream?.getAudioTracks()[0];
  }

  async #use(stream: MediaStream): Promise<void> {
    const { dispatch, isMuted, onMicrophone } = this.#deps;
    const track = stream.getAudioTracks()[0];
    if (!track) throw new CallFailure('microphone_missing', undefined);
    track.enabled = !isMuted();
    const before = this.#stream;
    this.#stream = stream;
    try {
      await Promise.all([this.#peer?.replaceTrack(track), this.#socket?.replaceStream(stream)]);
    } catch (error) {
      stopTracks(stream);
      if (this.#stream === stream) this.#stream = before;
      throw error;
    }
    if (this.#closed) return stopTracks(stream);
    stopTracks(before);
    onMicrophone(stream);
    dispatch({ type: 'notice_gone', code: 'microphone_lost' });
    this.#watch(track);
  }

  /** Says when a microphone is switched off elsewhere; when it is unplugged, the system's next one takes over. */
  #watch(track: MediaStreamTrack): void {
    const { dispatch } = this.#deps;
    const isUsed = (): boolean => !this.#closed && track === this.#track();
    const tellMuted = (): void => {
      if (!isUsed()) return;
      if (track.muted) dispatch({ type: 'notice', notice: { code: 'microphone_muted', message: '' } });
      else dispatch({ type: 'notice_gone', code: 'microphone_muted' });
    };
    track.addEventListener('mute', tellMuted);
    track.addEventListener('unmute', tellMuted);
    tellMuted();
    track.addEventListener('ended', () => {
      if (!isUsed()) return;
      this.changeMicrophone().catch(() =>
        dispatch({ type: 'notice', notice: { code: 'microphone_lost', message: '' } }),
      );
    });
  }

  async #sample(peer: Peer): Promise<void> {
    const sample = await peer.sample().catch(() => undefined);
    if (!sample || peer !== this.#peer) return;
    this.#deps.onQuality(judgeConnection(this.#lastSample, sample));
    this.#lastSample = sample;
  }
}

function stopTracks(stream: MediaStream | undefined): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
