import { createStore } from '../app/value-store.ts';
import type { ValueStore } from '../app/value-store.ts';
import type { KeptText } from '../app/storage.ts';
import { newIdempotencyKey } from '../api/idempotency-key.ts';
import type { Language, Level, PlacedCall } from '../api/types.ts';
import { CallRun } from './call-run.ts';
import type { CallState } from './call-state.ts';
import { stepCall } from './call-step.ts';
import type { CallEvent } from './call-step.ts';
import type { ConnectionQuality } from './connection-quality.ts';
import { VoiceLevels } from './levels.ts';
import type { Voice, VoiceLevel } from './levels.ts';
import { missingForCalls, openMicrophone } from './microphone.ts';
import { loadSavedCall, saveCall } from './saved-call.ts';
import type { SavedCall } from './saved-call.ts';
import { TutorAudio } from './tutor-audio.ts';

/** What a learner asks for with a call. */
export interface CallRequest {
  readonly language: Language;
  readonly level: Level;
  readonly recording_consent?: boolean;
}

export interface CallControllerDependencies {
  readonly view: Window & typeof globalThis;
  readonly placeCall: (request: CallRequest, idempotencyKey: string) => Promise<PlacedCall>;
  readonly replaceCall: (callId: string) => Promise<PlacedCall>;
  /** Of this tab: the call that a reload enters again. */
  readonly tabStorage: KeptText;
  /** Of this browser: the chosen devices. */
  readonly storage: KeptText;
  /** The call is over, or could not begin: balances may have changed. */
  readonly onFinished: () => void;
}

const MICROPHONE_KEY = 'ailingva.microphone';
const SPEAKER_KEY = 'ailingva.speaker';
const CARRIER_KEY = 'ailingva.carrier';
const loadStack = () => import('./stack.ts');

/** The page's one call at a time; lives as long as the page, so a call goes on while other screens are looked at. */
export class CallController {
  readonly #deps: CallControllerDependencies;
  readonly #state = createStore<CallState>({ status: 'idle' });
  readonly #quality = createStore<ConnectionQuality>('unknown');
  readonly #soundBlocked = createStore(false);
  #run: CallRun | undefined;
  #levels: VoiceLevels | undefined;
  #audio: TutorAudio | undefined;
  #saved: SavedCall | undefined;
  #wakeLock: Promise<WakeLockSentinel | undefined> | undefined;
  #consented = false;

  constructor(deps: CallControllerDependencies) {
    this.#deps = deps;
    deps.view.addEventListener('pagehide', () => {
      // The time of leaving, not of entering, decides whether the call may be entered again.
      if (this.#saved) saveCall(deps.tabStorage, this.#saved, Date.now());
    });
    // The browser lets the screen sleep again as soon as the page is hidden.
    deps.view.document.addEventListener('visibilitychange', () => {
      if (this.#run && deps.view.document.visibilityState === 'visible') this.#keepAwake();
    });
  }

  get state(): ValueStore<CallState> {
    return this.#state;
  }
  get quality(): ValueStore<ConnectionQuality> {
    return this.#quality;
  }
  /** The browser plays nothing before a press: offer one that calls `unblockSound()`. */
  get soundBlocked(): ValueStore<boolean> {
    return this.#soundBlocked;
  }
  get microphoneId(): string | undefined {
    return this.#deps.storage.read(MICROPHONE_KEY);
  }
  /** The learner agreed that the call which was asked for last is recorded: so is another attempt at it. */
  get consented(): boolean {
    return this.#consented;
  }
  get speakerId(): string | undefined {
    return this.#deps.storage.read(SPEAKER_KEY);
  }

  /** Fetches the code of a call ahead, so that the press does not wait for it. */
  warmUp(): void {
    loadStack().catch(() => undefined);
  }

  /** The voice goes over the page's own connection, not by WebRTC. */
  get prefersSocket(): boolean {
    return this.#deps.storage.read(CARRIER_KEY) === 'socket';
  }
  chooseCarrier(prefersSocket: boolean): void {
    this.#deps.storage.write(CARRIER_KEY, prefersSocket ? 'socket' : undefined);
    this.#dispatch({ type: 'prefer_socket', prefers: prefersSocket, atMs: performance.now() });
  }

  /** Call it in the press itself: the browser lets sound begin only there. */
  start(request: CallRequest): void {
    const status = this.#state.read().status;
    if (status === 'starting' || status === 'live') return;
    const idempotencyKey = newIdempotencyKey();
    this.#consented = request.recording_consent ?? false;
    this.#begin(() => this.#deps.placeCall(request, idempotencyKey), { resuming: false, muted: false });
  }

  /** Enters the call that was on when the page was loaded again. False when there is none. */
  resumeSaved(): boolean {
    const saved = loadSavedCall(this.#deps.tabStorage, Date.now());
    if (!saved || this.#state.read().status !== 'idle') return false;
    const place = { call_id: saved.callId, token: saved.token, signaling: { path: saved.path } };
    this.#consented = false;
    this.#begin(() => Promise.resolve(place), { resuming: true, muted: saved.muted });
    return true;
  }

  setMuted(muted: boolean): void {
    this.#dispatch({ type: 'mute', muted });
  }
  hangUp(): void {
    this.#dispatch({ type: 'hang_up' });
  }
  /** Back to the beginning, from the summary or from a problem. */
  reset(): void {
    this.#dispatch({ type: 'reset' });
  }
  dismissNotice(code: string): void {
    this.#dispatch({ type: 'notice_gone', code });
  }

  async chooseMicrophone(id: string): Promise<void> {
    const before = this.microphoneId;
    const chosen = id === '' ? undefined : id;
    this.#deps.storage.write(MICROPHONE_KEY, chosen);
    try {
      await this.#run?.changeMicrophone();
    } catch (error) {
      // A later choice stands.
      if (this.microphoneId === chosen) this.#deps.storage.write(MICROPHONE_KEY, before);
      throw error;
    }
  }
  async chooseSpeaker(id: string): Promise<void> {
    this.#deps.storage.write(SPEAKER_KEY, id === '' ? undefined : id);
    await this.#audio?.setSpeaker(id);
  }
  unblockSound(): void {
    this.#levels?.resume();
    this.#audio?.play();
  }
  readLevel(voice: Voice): VoiceLevel | undefined {
    return this.#levels?.read(voice);
  }

  #begin(place: () => Promise<PlacedCall>, options: { resuming: boolean; muted: boolean }): void {
    this.#dispatch({ type: 'start', resuming: options.resuming });
    const missing = missingForCalls(this.#deps.view);
    if (missing) return this.#dispatch({ type: 'problem', problem: missing });
    const levels = new VoiceLevels();
    levels.resume();
    this.#levels = levels;
    this.#audio = new TutorAudio(this.#deps.view.document, (blocked) => this.#soundBlocked.write(blocked));
    if (this.speakerId !== undefined) void this.#audio.setSpeaker(this.speakerId);
    this.#quality.write('unknown');
    this.#keepAwake();

    const run: CallRun = new CallRun({
      loadStack,
      openMicrophone: () => openMicrophone(this.microphoneId),
      replaceCall: this.#deps.replaceCall,
      onMicrophone: (stream) => levels.listen('learner', stream),
      onTutorTrack: (track) => {
        const stream = this.#audio?.setTrack(track);
        if (stream) levels.listen('tutor', stream);
        levels.resume();
      },
      onQuality: (quality) => this.#quality.write(quality),
      onEntered: (saved) => {
        this.#saved = saved;
        saveCall(this.#deps.tabStorage, saved, Date.now());
      },
      // What an earlier call still says is not for this one.
      dispatch: (event) => this.#run === run && this.#dispatch(event),
      readState: () => this.#state.read(),
      prefersSocket: () => this.prefersSocket,
      nowMs: () => performance.now(),
    });
    this.#run = run;
    void this.#microphoneWillAsk().then((microphoneFirst) =>
      run.start(place, { microphoneFirst, muted: options.muted }),
    );
  }

  #dispatch(event: CallEvent): void {
    const before = this.#state.read();
    const { state, effects } = stepCall(before, event);
    this.#state.write(state);
    for (const effect of effects) {
      this.#run?.run(effect);
      if (effect.type === 'release') this.#release();
    }
    if (state.status !== before.status && (state.status === 'over' || state.status === 'failed')) {
      this.#deps.onFinished();
    }
  }

  #release(): void {
    this.#run = undefined;
    this.#levels?.close();
    this.#levels = undefined;
    this.#audio?.close();
    this.#audio = undefined;
    this.#saved = undefined;
    this.#soundBlocked.write(false);
    saveCall(this.#deps.tabStorage, undefined, 0);
    this.#wakeLock?.then((lock) => lock?.release()).catch(() => undefined);
    this.#wakeLock = undefined;
  }

  /** A phone that goes to sleep would end the call. */
  #keepAwake(): void {
    this.#wakeLock = this.#deps.view.navigator.wakeLock?.request('screen').catch(() => undefined);
  }

  async #microphoneWillAsk(): Promise<boolean> {
    try {
      const status = await this.#deps.view.navigator.permissions.query({ name: 'microphone' });
      return status.state === 'prompt';
    } catch {
      return false;
    }
  }
}
