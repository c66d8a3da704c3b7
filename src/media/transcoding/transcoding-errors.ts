import { AppError } from '../../platform/errors.ts';

/** Everything that can be wrong with audio that somebody sends. The codes are part of the public interface. */
export type AudioProblem =
  | 'audio_format_unsupported'
  | 'audio_container_mismatch'
  | 'audio_empty'
  | 'audio_too_large'
  | 'audio_too_long'
  | 'audio_too_costly'
  | 'audio_track_missing'
  | 'audio_unreadable';

const MESSAGES: Readonly<Record<AudioProblem, string>> = {
  audio_format_unsupported: 'The audio must be WebM, Ogg, MP3, M4A or WAV.',
  audio_container_mismatch: 'The audio is not in the format that was announced.',
  audio_empty: 'There is no audio.',
  audio_too_large: 'The audio has too many bytes.',
  audio_too_long: 'The audio lasts too long.',
  audio_too_costly: 'The audio takes more to decode than audio may.',
  audio_track_missing: 'There is no audio track in what was sent.',
  audio_unreadable: 'The audio cannot be decoded.',
};

const KINDS = {
  audio_format_unsupported: 'unsupported',
  audio_container_mismatch: 'unsupported',
  audio_empty: 'unprocessable',
  audio_too_large: 'too_large',
  audio_too_long: 'too_large',
  audio_too_costly: 'unprocessable',
  audio_track_missing: 'unprocessable',
  audio_unreadable: 'unprocessable',
} as const;

export function audioError(code: AudioProblem, details: Readonly<Record<string, unknown>> = {}): AppError {
  return new AppError({ code, kind: KINDS[code], message: MESSAGES[code], details });
}

/** ffmpeg is missing, broken or taken: nobody's audio is to blame. */
export function transcoderUnavailable(cause?: unknown): AppError {
  return new AppError({
    code: 'transcoder_unavailable',
    kind: 'unavailable',
    retryable: true,
    message: 'Audio cannot be converted at this moment.',
    cause,
  });
}
