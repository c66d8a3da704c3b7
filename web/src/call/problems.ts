/** Why a call could not start or go on, as far as the learner can do something about it. */
export type CallProblem =
  | 'microphone_missing'
  | 'microphone_denied'
  | 'microphone_busy'
  | 'microphone_failed'
  | 'insecure_page'
  | 'webrtc_missing'
  | 'network'
  | 'media_blocked'
  | 'no_minutes'
  | 'engine_down'
  | 'no_room'
  | 'language_unsupported'
  | 'already_in_call'
  | 'rate_limited'
  | 'taken_over'
  | 'call_gone'
  | 'signed_out'
  | 'page_outdated'
  | 'server';

/** Names of the `DOMException`s of `getUserMedia`: https://www.w3.org/TR/mediacapture-streams/#methods-5 */
export function microphoneProblem(thrown: unknown): CallProblem {
  const name = thrown instanceof Error ? thrown.name : '';
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return 'microphone_denied';
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'microphone_missing';
    case 'NotReadableError':
    case 'AbortError':
      return 'microphone_busy';
    default:
      return 'microphone_failed';
  }
}

const PROBLEM_OF_CODE: Readonly<Record<string, CallProblem>> = {
  network: 'network',
  timed_out: 'network',
  no_minutes: 'no_minutes',
  engine_unavailable: 'engine_down',
  engine_program_missing: 'engine_down',
  engine_rejected: 'engine_down',
  engine_quota_exceeded: 'engine_down',
  engine_timed_out: 'engine_down',
  engine_failed: 'engine_down',
  language_unsupported: 'language_unsupported',
  no_media_node: 'no_room',
  no_media_worker: 'no_room',
  node_draining: 'no_room',
  media_node_unavailable: 'no_room',
  too_many_calls: 'already_in_call',
  too_many_requests: 'rate_limited',
  too_many_messages: 'rate_limited',
  too_many_connections: 'rate_limited',
  call_not_found: 'call_gone',
  call_ended: 'call_gone',
  token_missing: 'call_gone',
  token_invalid: 'call_gone',
  token_expired: 'call_gone',
  unauthenticated: 'signed_out',
  message_invalid: 'page_outdated',
  message_unknown: 'page_outdated',
};

/** The problem behind a stable error code of the API or of signaling. `status` is HTTP's, where there is one. */
export function problemOfCode(code: string, status?: number): CallProblem {
  // Over HTTP a bad token is the learner's own, over signaling it is the call's.
  if (status === 401) return 'signed_out';
  const known = PROBLEM_OF_CODE[code];
  if (known !== undefined) return known;
  switch (status) {
    case 402:
      return 'no_minutes';
    case 429:
      return 'rate_limited';
    default:
      return 'server';
  }
}

export type BrowserFamily = 'chrome' | 'firefox' | 'safari' | 'safari_ios' | 'android' | 'other';

/** Only to say where the permission's switch is; nothing else depends on it. */
export function browserFamily(userAgent: string): BrowserFamily {
  if (/iPhone|iPad|iPod/.test(userAgent)) return 'safari_ios';
  if (/Android/.test(userAgent)) return 'android';
  if (/Firefox\//.test(userAgent)) return 'firefox';
  if (/Chrome\/|Chromium\/|Edg\//.test(userAgent)) return 'chrome';
  if (/Safari\//.test(userAgent)) return 'safari';
  return 'other';
}
