import type { CallEvents } from '../../../src/media/protocol.ts';
import { Mp3Player } from './mp3-player.ts';
import { recorderFormat, VoiceRecorder } from './voice-recorder.ts';
import type { Signaling } from './signaling.ts';

/** The names of the events that carry the voice over the socket. */
export type VoiceEventName = Extract<keyof CallEvents, `voice:${string}`>;
export type VoiceEvent = {
  [Name in VoiceEventName]: { readonly name: Name; readonly payload: CallEvents[Name] };
}[VoiceEventName];

/** Both directions of a call over the signaling's connection, where WebRTC does not get through. */
export interface SocketVoice {
  /** An event of the call's; of another stream it is ignored. */
  take(event: VoiceEvent): void;
  /** Goes on with another microphone. */
  replaceStream(stream: MediaStream): Promise<void>;
  /** Idempotent. Does not tell the server. */
  close(): void;
}

export interface SocketVoiceOptions {
  readonly signaling: Signaling;
  readonly stream: MediaStream;
  readonly onTutorTrack: (track: MediaStreamTrack) => void;
  /** It broke off: open another one. */
  readonly onFailed: () => void;
}

export type OpenSocketVoice = (options: SocketVoiceOptions) => Promise<SocketVoice>;

/** @throws SignalingError, Error when this browser cannot record */
export const openSocketVoice: OpenSocketVoice = async ({ signaling, stream, onTutorTrack, onFailed }) => {
  const format = recorderFormat();
  if (!format) throw new Error('This browser records nothing that we understand');
  let recorder: VoiceRecorder | undefined;
  let closed = false;
  const { stream: number, sample_rate: sampleRate } = await signaling.request('voice:open', {
    container: format.container,
  });
  const player = new Mp3Player({
    sampleRate,
    onPlayed: (playedMs) => signaling.tell('voice:played', { stream: number, played_ms: playedMs }),
  });

  function record(microphone: MediaStream): void {
    recorder = new VoiceRecorder(
      microphone,
      format!,
      (bytes) => signaling.tell('voice:chunk', { stream: number, bytes }),
      () => onFailed(),
    );
  }

  function close(): void {
    if (closed) return;
    closed = true;
    recorder?.close();
    player.close();
  }

  try {
    record(stream);
  } catch (error) {
    close();
    throw error;
  }
  if (player.track) onTutorTrack(player.track);

  return {
    take({ name, payload }) {
      if (closed || payload.stream !== number) return;
      switch (name) {
        case 'voice:sound':
          return player.push(new Uint8Array(payload.bytes));
        case 'voice:pause':
          return player.pause();
        case 'voice:resume':
          return player.resume();
        case 'voice:drop':
          return player.drop(payload.before_ms);
        default:
          close();
          onFailed();
      }
    },
    async replaceStream(microphone) {
      recorder?.close();
      // Another recorder writes another stream, with a beginning of its own.
      await signaling.request('voice:open', { container: format.container });
      if (!closed) record(microphone);
    },
    close,
  };
};
