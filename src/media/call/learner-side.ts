import type { Transcript } from './transcript.ts';
import type { VoiceActivity } from './conversation.ts';
import { RecentVoice } from './recent-voice.ts';
import type { TurnBook, TutorTurn } from './turn-book.ts';

/** What another conversation needs to go on. */
export interface LeftBehind {
  /** Words of the learner that nobody has answered. */
  readonly unanswered: string;
  /** Sound that nobody has understood. */
  readonly voice: RecentVoice;
}

/** What the learner said since the last answer began. */
interface Pending {
  /** The engine has heard a voice. */
  voiced: boolean;
  readonly texts: string[];
  voicedMs: number;
  speechEndedMs: number | undefined;
}

/** The learner of an engine that hears and answers by itself: the words may come later than the answer to them. */
export class LearnerSide {
  readonly #book: TurnBook;
  readonly #transcript: Transcript;
  readonly #recent = new RecentVoice();
  #pending: Pending = nothingPending();
  /** The answer to the learner's last turn. */
  #answered: TutorTurn | undefined;
  #voicedSinceMs: number | undefined;

  constructor(book: TurnBook, transcript: Transcript) {
    this.#book = book;
    this.#transcript = transcript;
  }

  hear(frame: Int16Array): void {
    this.#recent.hear(frame);
  }

  voice(activity: VoiceActivity): void {
    this.#recent.voice(activity);
    if (activity.type === 'speech_started') {
      this.#voicedSinceMs = activity.voicedSinceMs;
      if (!this.#pending.voiced) this.#book.openLearnerTurn();
    } else if (activity.type === 'speech_stopped') {
      const { silentSinceMs } = activity;
      this.#pending.voicedMs += Math.max(0, silentSinceMs - (this.#voicedSinceMs ?? silentSinceMs));
      this.#pending.speechEndedMs = silentSinceMs;
    }
  }

  engineHearsVoice(): void {
    this.#pending.voiced = true;
  }

  /** An answer is heard: what it answers has been understood. */
  understood(): void {
    this.#recent.understood();
  }

  /** @param shown whether captions of the learner may take the place of the tutor's. @returns whether they are of a turn that is answered already */
  words(text: string, final: boolean, shown: boolean): boolean {
    const late = !this.#pending.voiced && this.#answered?.learnerTurn?.text === '' ? this.#answered : undefined;
    if (final) {
      this.#recent.understood();
      if (late) {
        if (text !== '') this.#book.reviseLearnerTurn(late, text);
      } else {
        this.#book.finalTranscript();
        if (text !== '') this.#pending.texts.push(text);
        if (shown) this.#show('');
      }
    } else if (!late && shown) this.#show(text);
    return late !== undefined;
  }

  /** When the turn ended that an answer beginning now answers; `undefined` where it answers none. */
  turnEndedMs(nowMs: number): number | undefined {
    const { voiced, texts, speechEndedMs } = this.#pending;
    return voiced || texts.length > 0 ? (speechEndedMs ?? nowMs) : undefined;
  }

  /** The turn has its place in the transcript, even where its words are still to come. */
  answeredBy(turn: TutorTurn, speechEndedMs: number): void {
    const { texts, voicedMs } = this.#pending;
    this.#pending = nothingPending();
    this.#answered = turn;
    this.#book.keepLearnerTurn(turn, { text: texts.join(' '), voicedMs, speechEndedMs });
  }

  /** What was heard is kept, what was not answered is handed on. */
  leaveBehind(): LeftBehind {
    const answered = this.#answered?.ordinal === undefined ? this.#answered?.learnerTurn : undefined;
    const unheard = answered?.ordinal === this.#transcript.next - 1 ? answered : undefined;
    if (unheard) this.#transcript.reopen(unheard.ordinal);
    const unanswered = [unheard?.text ?? '', ...this.#pending.texts].filter((text) => text !== '').join(' ');
    return { unanswered, voice: this.#recent };
  }

  #show(partial: string): void {
    const text = [...this.#pending.texts, partial].filter((part) => part !== '').join(' ');
    if (text !== '') this.#book.showLearner(text);
  }
}

function nothingPending(): Pending {
  return { voiced: false, texts: [], voicedMs: 0, speechEndedMs: undefined };
}
