import type { TutorMessage } from '../engine.ts';

interface Entry {
  readonly itemId: string;
  readonly speaker: TutorMessage['speaker'];
  text: string;
  complete: boolean;
}

/** Beyond any token budget; a lesson has a few hundred turns. */
const MAX_ENTRIES = 400;

/**
 * What was said in a call, in the order in which it was said: the vendor transcribes the learner later than it answers. From
 * it a new session learns what the old one knew.
 */
export class DialogueRecord {
  readonly #before: readonly TutorMessage[];
  #entries: Entry[] = [];

  constructor(before: readonly TutorMessage[]) {
    this.#before = before;
  }

  /** A turn has its place from now on; its text comes. */
  begin(itemId: string, speaker: TutorMessage['speaker']): void {
    if (this.#find(itemId)) return;
    this.#entries = [...this.#entries.slice(1 - MAX_ENTRIES), { itemId, speaker, text: '', complete: false }];
  }

  add(itemId: string, delta: string): void {
    const entry = this.#find(itemId);
    if (entry && !entry.complete) entry.text += delta;
  }

  /** @returns the text, when there is any and it was not complete before */
  complete(itemId: string, text?: string): string | undefined {
    const entry = this.#find(itemId);
    if (!entry || entry.complete) return undefined;
    entry.complete = true;
    if (text !== undefined) entry.text = text;
    return entry.text.trim() === '' ? undefined : entry.text;
  }

  /** Of the tutor's turn only this share was heard: whole words by the share of the letters. */
  cut(itemId: string, share: number): void {
    const entry = this.#find(itemId);
    if (!entry) return;
    const length = Math.floor(entry.text.length * Math.max(0, Math.min(1, share)));
    if (length < entry.text.length) entry.text = entry.text.slice(0, length).replace(/\S*$/, '').trimEnd();
  }

  /** What is complete, oldest first. */
  messages(): TutorMessage[] {
    const said = this.#entries.filter(({ complete, text }) => complete && text.trim() !== '');
    return [...this.#before, ...said.map(({ speaker, text }) => ({ speaker, text }))];
  }

  #find(itemId: string): Entry | undefined {
    return this.#entries.findLast((entry) => entry.itemId === itemId);
  }
}
