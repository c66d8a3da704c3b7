import type { CallEvents, CallPhase, Caption, EndReason, JoinAnswer } from '../../../src/media/protocol.ts';
import { carries, readTime } from './call-state.ts';
import type { CallState, LiveCall, MediaLink, Notice, StartingCall } from './call-state.ts';
import { putCaption } from './captions.ts';
import { putLatency } from './latencies.ts';
import type { CallProblem } from './problems.ts';

export type CallEvent =
  | { readonly type: 'start'; readonly resuming: boolean }
  | { readonly type: 'microphone_ready' }
  | { readonly type: 'problem'; readonly problem: CallProblem; readonly callId?: string }
  | {
      readonly type: 'joined';
      readonly answer: JoinAnswer;
      readonly muted: boolean;
      /** Of the first join: the learner's choice. */
      readonly prefersSocket: boolean;
      readonly atMs: number;
    }
  | { readonly type: 'phase'; readonly phase: CallPhase }
  | { readonly type: 'caption'; readonly caption: Caption }
  | { readonly type: 'latency'; readonly latency: CallEvents['turn:latency'] }
  | { readonly type: 'minutes'; readonly minutes: CallEvents['minutes:left']; readonly atMs: number }
  | { readonly type: 'recording'; readonly on: boolean }
  | { readonly type: 'notice'; readonly notice: Notice }
  | { readonly type: 'notice_gone'; readonly code: string }
  /** It comes back with `joined`. */
  | { readonly type: 'signaling_lost' }
  | { readonly type: 'media'; readonly link: MediaLink; readonly atMs: number }
  | { readonly type: 'ice_retry_due' }
  /** WebRTC had its time. */
  | { readonly type: 'socket_due' }
  | { readonly type: 'socket'; readonly status: 'on' | 'failed'; readonly atMs: number }
  /** The learner's choice: over the socket whatever WebRTC does, or only when it must be. */
  | { readonly type: 'prefer_socket'; readonly prefers: boolean; readonly atMs: number }
  | { readonly type: 'gave_up'; readonly atMs: number }
  | { readonly type: 'mute'; readonly muted: boolean }
  | { readonly type: 'hang_up' }
  | { readonly type: 'ended'; readonly reason: EndReason; readonly talkedMs: number | undefined; readonly atMs: number }
  | { readonly type: 'reset' };

export type CallEffect =
  /** Count `GIVE_UP_MS`, then `gave_up`. */
  | { readonly type: 'start_give_up_timer' }
  | { readonly type: 'stop_give_up_timer' }
  | { readonly type: 'restart_ice' }
  /** Count `SOCKET_AFTER_MS`, then `socket_due`. */
  | { readonly type: 'start_socket_timer' }
  | { readonly type: 'open_socket' }
  | { readonly type: 'close_socket' }
  | { readonly type: 'tell_muted'; readonly muted: boolean }
  | { readonly type: 'tell_hang_up' }
  /** Close everything the call holds. `hangUp`: the server does not know yet, and should. */
  | { readonly type: 'release'; readonly hangUp: boolean };

export interface Step {
  readonly state: CallState;
  readonly effects: readonly CallEffect[];
}

/** How long a lost call waits for its network; the media process waits as long. */
export const GIVE_UP_MS = 30_000;

/** ICE is done in less than a second or two where a network lets it; nobody wants to wait longer to talk. */
export const SOCKET_AFTER_MS = 5_000;

const stay = (state: CallState): Step => ({ state, effects: [] });

/** What an event makes of a call. Pure; `CallRun` runs the effects. */
export function stepCall(state: CallState, event: CallEvent): Step {
  if (event.type === 'reset') return { state: { status: 'idle' }, effects: [{ type: 'release', hangUp: true }] };
  if (state.status === 'starting') return stepStarting(state, event);
  if (state.status === 'live') return stepLive(state, event);
  if (event.type !== 'start') return stay(state);
  return stay({ status: 'starting', resuming: event.resuming, microphone: 'asking' });
}

function stepStarting(state: StartingCall, event: CallEvent): Step {
  switch (event.type) {
    case 'microphone_ready':
      return stay({ ...state, microphone: 'ready' });
    case 'problem':
      return fail(event.problem, event.callId);
    case 'hang_up':
      return { state: { status: 'idle' }, effects: [{ type: 'release', hangUp: true }] };
    case 'joined':
      return {
        state: {
          status: 'live',
          callId: event.answer.call_id,
          phase: 'connecting',
          signaling: 'up',
          media: 'connecting',
          socket: event.prefersSocket ? 'opening' : 'off',
          prefersSocket: event.prefersSocket,
          muted: event.muted,
          recording: event.answer.recording,
          ending: false,
          captions: event.answer.captions,
          reading: { talkedMs: event.answer.talked_ms, leftMs: event.answer.left_ms, atMs: event.atMs },
          warnMinutes: null,
          replyMs: undefined,
          latencies: [],
          notices: [],
        },
        effects: [
          { type: 'start_give_up_timer' },
          event.prefersSocket ? { type: 'open_socket' } : { type: 'start_socket_timer' },
          ...(event.muted ? [{ type: 'tell_muted', muted: true } as const] : []),
        ],
      };
    default:
      return stay(state);
  }
}

function stepLive(state: LiveCall, event: CallEvent): Step {
  switch (event.type) {
    case 'phase':
      return stay({ ...state, phase: event.phase });
    case 'caption':
      return stay({ ...state, captions: putCaption(state.captions, event.caption) });
    case 'latency':
      return stay({
        ...state,
        replyMs: event.latency.reply_ms ?? state.replyMs,
        latencies: putLatency(state.latencies, event.latency),
      });
    case 'minutes':
      return stay({
        ...state,
        reading: { talkedMs: event.minutes.talked_ms, leftMs: event.minutes.left_ms, atMs: event.atMs },
        // A warning stays until the next one; only minutes that were added take it away.
        warnMinutes: event.minutes.warn_minutes ?? (event.minutes.left_ms > 120_000 ? null : state.warnMinutes),
      });
    case 'recording':
      return stay({ ...state, recording: event.on });
    case 'notice':
      return stay({
        ...state,
        notices: [...state.notices.filter((notice) => notice.code !== event.notice.code), event.notice].slice(-3),
      });
    case 'notice_gone':
      return stay({ ...state, notices: state.notices.filter((notice) => notice.code !== event.code) });
    case 'joined':
      return rejoin(state, event);
    case 'signaling_lost':
      return {
        state: { ...state, signaling: 'lost' },
        effects: isWhole(state) ? [{ type: 'start_give_up_timer' }] : [],
      };
    case 'media':
      return event.link === state.media ? stay(state) : takeMedia(state, event.link, event.atMs);
    case 'socket_due':
      if (state.media === 'up' || state.socket !== 'off' || state.signaling === 'lost') return stay(state);
      return { state: { ...state, socket: 'opening' }, effects: [{ type: 'open_socket' }] };
    case 'socket': {
      // One that was given up meanwhile is closed already.
      if (state.socket === 'off') return stay(state);
      const next: LiveCall = {
        ...state,
        socket: event.status === 'on' ? 'on' : 'off',
        reading: readTime(state, event.atMs),
      };
      if (event.status === 'on') return { state: next, effects: relink(next) };
      const waiting: CallEffect[] = isWhole(state) && !isWhole(next) ? [{ type: 'start_give_up_timer' }] : [];
      return { state: next, effects: [...waiting, { type: 'close_socket' }, { type: 'start_socket_timer' }] };
    }
    case 'prefer_socket': {
      const next = { ...state, prefersSocket: event.prefers };
      if (event.prefers && state.socket === 'off' && state.signaling === 'up') {
        return { state: { ...next, socket: 'opening' }, effects: [{ type: 'open_socket' }] };
      }
      return event.prefers ? stay(next) : leaveSocket(next, event.atMs);
    }
    case 'ice_retry_due':
      return { state, effects: relink(state) };
    case 'gave_up':
      if (isWhole(state)) return stay(state);
      // Signaling passes and media never did: a firewall, not a lost network.
      if (!carries(state) && state.signaling === 'up' && state.reading.talkedMs === 0) {
        return fail('media_blocked', state.callId);
      }
      return end(state, 'connection_lost', readTime(state, event.atMs).talkedMs);
    case 'mute':
      return { state: { ...state, muted: event.muted }, effects: [{ type: 'tell_muted', muted: event.muted }] };
    case 'hang_up':
      return state.ending ? stay(state) : { state: { ...state, ending: true }, effects: [{ type: 'tell_hang_up' }] };
    case 'ended':
      return end(state, event.reason, event.talkedMs ?? readTime(state, event.atMs).talkedMs);
    case 'problem':
      return fail(event.problem, event.callId ?? state.callId);
    default:
      return stay(state);
  }
}

const isWhole = (state: LiveCall): boolean => state.signaling === 'up' && carries(state);

/** What brings a call back, or settles it when it is whole again. An ICE restart needs signaling. */
function relink(state: LiveCall): readonly CallEffect[] {
  const settled: CallEffect[] = isWhole(state) ? [{ type: 'stop_give_up_timer' }] : [];
  // Also while the voice goes over the socket: WebRTC is better as soon as it is there.
  return state.signaling === 'up' && state.media === 'lost' ? [...settled, { type: 'restart_ice' }] : settled;
}

/** The call was entered again: what is known now replaces what was. The server has closed the socket's voice meanwhile. */
function rejoin(state: LiveCall, { answer, atMs }: CallEvent & { type: 'joined' }): Step {
  const kept = answer.transports === null;
  const media = kept ? state.media : 'connecting';
  const socketAgain = state.prefersSocket || (state.socket !== 'off' && media !== 'up');
  const next: LiveCall = {
    ...state,
    signaling: 'up',
    media,
    socket: socketAgain ? 'opening' : 'off',
    captions: answer.captions,
    recording: answer.recording,
    reading: { talkedMs: answer.talked_ms, leftMs: answer.left_ms, atMs },
  };
  const socket: CallEffect[] = socketAgain
    ? [{ type: 'open_socket' }]
    : media === 'up'
      ? []
      : [{ type: 'start_socket_timer' }];
  return {
    state: next,
    effects: [{ type: 'tell_muted', muted: state.muted }, ...socket, ...(kept ? relink(next) : [])],
  };
}

function takeMedia(state: LiveCall, link: MediaLink, atMs: number): Step {
  const next: LiveCall = { ...state, media: link, reading: readTime(state, atMs) };
  if (link === 'up') {
    const { state: left, effects } = next.prefersSocket ? stay(next) : leaveSocket(next, atMs);
    return { state: left, effects: [...effects, ...relink(next)] };
  }
  const waiting: CallEffect[] = isWhole(state) && !isWhole(next) ? [{ type: 'start_give_up_timer' }] : [];
  const socket: CallEffect[] = next.socket === 'off' && next.signaling === 'up' ? [{ type: 'start_socket_timer' }] : [];
  return { state: next, effects: [...waiting, ...socket, ...relink(next)] };
}

/** Back to WebRTC, where that stands. */
function leaveSocket(state: LiveCall, atMs: number): Step {
  if (state.socket === 'off' || state.media !== 'up') return stay(state);
  return { state: { ...state, socket: 'off', reading: readTime(state, atMs) }, effects: [{ type: 'close_socket' }] };
}

function fail(problem: CallProblem, callId: string | undefined): Step {
  // Another page's call, or one that is gone, is not ours to end.
  const hangUp = problem !== 'taken_over' && problem !== 'call_gone';
  return { state: { status: 'failed', problem, callId }, effects: [{ type: 'release', hangUp }] };
}

function end(state: LiveCall, reason: EndReason, talkedMs: number): Step {
  return {
    state: { status: 'over', callId: state.callId, reason, talkedMs, captions: state.captions },
    effects: [{ type: 'release', hangUp: false }],
  };
}
