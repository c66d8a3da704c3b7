import type {
  CallEventName,
  CallEvents,
  DtlsParametersMessage,
  JoinAnswer,
  RequestAnswers,
  RtpCapabilitiesMessage,
  RtpParametersMessage,
} from '../protocol.ts';

/** What signaling sees of calls. */

/** One page that is in a call. */
export interface CallClient {
  send<Name extends CallEventName>(name: Name, payload: CallEvents[Name]): void;
  /** Another page entered the same call; this one is out and should be disconnected. */
  takenOver(): void;
}

export interface SignaledCall {
  readonly id: string;
  /**
   * Enters the call. The newest client wins: an earlier one is `takenOver()`.
   * @throws AppError `already_joined` for the same client, `call_ended`, `transports_gone` when asked to keep what no longer exists.
   */
  join(client: CallClient, options: { readonly keepTransports: boolean }): Promise<JoinAnswer>;
  /** The client's connection is gone. The call waits for it to come back. Idempotent. */
  detach(client: CallClient): void;
  readonly media: PageMedia;
  setMuted(muted: boolean): void;
  /** Idempotent. */
  hangUp(): Promise<void>;
}

/** What a page does with its call's media. Each `@throws` AppError `call_ended`, and what the media server refuses. */
export interface PageMedia {
  connectTransport(transportId: string, dtlsParameters: DtlsParametersMessage): Promise<void>;
  /** Returns the producer's id. */
  produce(transportId: string, kind: 'audio' | 'video', rtpParameters: RtpParametersMessage): Promise<string>;
  consume(rtpCapabilities: RtpCapabilitiesMessage): Promise<RequestAnswers['track:consume']>;
  resumeConsumer(): Promise<void>;
  /** Returns the new ICE parameters. */
  restartIce(transportId: string): Promise<unknown>;
  /**
   * The voice goes over the signaling from now on, or its recorder began anew.
   * @throws AppError `socket_voice_unavailable`, `transcoder_unavailable`
   */
  openSocketVoice(container: 'webm' | 'mp4' | 'ogg'): RequestAnswers['voice:open'];
  /** Late messages of an earlier stream are ignored. */
  hearSocketVoice(stream: number, bytes: Uint8Array): void;
  socketVoicePlayed(stream: number, playedMs: number): void;
  /** By WebRTC again. Idempotent. */
  closeSocketVoice(): void;
}

export interface CallAdmission {
  /** @throws AppError `call_not_found`, `call_ended`, `call_on_other_node`. */
  admit(callId: string, userId: string): Promise<SignaledCall>;
}
