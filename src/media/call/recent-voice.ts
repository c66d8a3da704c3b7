import type { Conversation, VoiceActivity } from './conversation.ts';

const FRAME_MS = 20;
/** As far back as an utterance may begin before it is noticed. */
const PRE_ROLL_FRAMES = 1_000 / FRAME_MS;
const MAX_FRAMES = 30_000 / FRAME_MS;

/** What the learner said since they were last understood, so that another conversation can hear it. Bounded. */
export class RecentVoice {
  readonly #entries: (Int16Array | VoiceActivity)[] = [];
  #frames = 0;
  #pending = false;

  /** Something was said that nobody has understood. */
  get pending(): boolean {
    return this.#pending;
  }

  /** Copies it. */
  hear(frame: Int16Array): void {
    const most = this.#pending ? MAX_FRAMES : PRE_ROLL_FRAMES;
    let kept: Int16Array | undefined;
    while (this.#frames >= most) kept = this.#dropFrame();
    kept ??= new Int16Array(frame.length);
    kept.set(frame);
    this.#entries.push(kept);
    this.#frames += 1;
  }

  voice(activity: VoiceActivity): void {
    if (activity.type === 'speech_started') this.#pending = true;
    if (this.#pending) this.#entries.push(activity);
  }

  understood(): void {
    this.#pending = false;
    const frames = this.#entries.filter((entry) => entry instanceof Int16Array).slice(-PRE_ROLL_FRAMES);
    this.#entries.splice(0, this.#entries.length, ...frames);
    this.#frames = frames.length;
  }

  replay(conversation: Pick<Conversation, 'hear' | 'voice'>): void {
    for (const entry of this.#entries) {
      if (entry instanceof Int16Array) conversation.hear(entry);
      else conversation.voice(entry);
    }
  }

  #dropFrame(): Int16Array | undefined {
    const at = this.#entries.findIndex((entry) => entry instanceof Int16Array);
    const [entry] = this.#entries.splice(at, 1);
    this.#frames -= 1;
    return entry instanceof Int16Array ? entry : undefined;
  }
}
