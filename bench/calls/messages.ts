/** What the benchmark's processes tell each other over their IPC channels. */

export interface CallerStart {
  readonly type: 'start';
  readonly url: string;
  readonly invitations: readonly { readonly path: string; readonly token: string }[];
  /** Calls that are being set up at the same time. */
  readonly concurrency: number;
}

export interface MeasureBegin {
  readonly type: 'begin';
}

export interface MeasureEnd {
  readonly type: 'end';
}

export interface HangUp {
  readonly type: 'hang_up';
}

export type ToCallers = CallerStart | MeasureBegin | MeasureEnd | HangUp;

export interface CallersReady {
  readonly type: 'ready';
  /** From `call:join` to the tutor's first packet, of each call. */
  readonly firstPacketMs: readonly number[];
  /** From `call:join` to both directions connected. */
  readonly connectedMs: readonly number[];
  readonly failures: readonly string[];
}

export interface CallersMeasured {
  readonly type: 'measured';
  /** Each received packet's distance from its call's 20 ms grid. */
  readonly gridDistancesMs: readonly number[];
  readonly packetsReceived: number;
  readonly packetsLost: number;
  readonly packetsSent: number;
  /** Answers that the callers waited for in vain. */
  readonly unanswered: number;
  readonly answered: number;
  /** Of this process: its event loop's delay beyond the timer's own. */
  readonly loopDelayP99Ms: number;
}

export interface CallersDone {
  readonly type: 'done';
  readonly ended: number;
}

export type FromCallers = CallersReady | CallersMeasured | CallersDone;

/** Asks the media process how late each slot was since it was asked before. */
export interface ToMedia {
  readonly type: 'lateness';
}

export interface LatenessTold {
  readonly type: 'lateness';
  readonly latenessMs: readonly number[];
}
