import assert from 'node:assert/strict';

import type { Assessment, Level, TutorEvent, TutorMemory, TutorMessage, TutorRequest } from '../../engine.ts';
import { createDrillTutor } from '../drill-tutor.ts';
import { placeIn } from './memory.ts';

/** For tests: the drill tutor asked once, or through a whole call. */

const tutor = createDrillTutor();
const NEVER = new AbortController().signal;

export interface Answer {
  readonly text: string;
  readonly deltas: readonly string[];
  readonly types: readonly TutorEvent['type'][];
  readonly assessment: Assessment | undefined;
  readonly rate: number | undefined;
  readonly memory: TutorMemory | undefined;
  readonly endsCall: boolean;
}

export async function eventsOf(request: TutorRequest, signal: AbortSignal): Promise<TutorEvent[]> {
  const events: TutorEvent[] = [];
  for await (const event of tutor.reply(request, signal)) events.push(event);
  return events;
}

export async function reply(request: Partial<TutorRequest>): Promise<Answer> {
  const whole: TutorRequest = {
    occasion: 'turn',
    heard: '',
    history: [],
    memory: undefined,
    language: 'en',
    level: 'beginner',
    instructions: '',
    ...request,
  };
  const events = await eventsOf(whole, NEVER);
  const deltas = events.flatMap((event) => (event.type === 'text' ? [event.delta] : []));
  return {
    text: deltas.join(''),
    deltas,
    types: events.map(({ type }) => type),
    assessment: events.find((event) => event.type === 'assessment')?.assessment,
    rate: events.find((event) => event.type === 'pace')?.rate,
    memory: events.find((event) => event.type === 'memory')?.memory,
    endsCall: events.some(({ type }) => type === 'end_call'),
  };
}

/** A call: every answer's memory goes, as JSON, into the next request. */
export class Conversation {
  readonly level: Level;
  memory: TutorMemory | undefined;
  history: TutorMessage[] = [];

  constructor(level: Level = 'beginner') {
    this.level = level;
  }

  get asked(): string {
    return placeIn(this.memory)?.sentence ?? '';
  }

  get lesson(): string {
    return placeIn(this.memory)?.lesson.id ?? '';
  }

  async greet(): Promise<Answer> {
    return this.#take({ occasion: 'greeting' });
  }

  async say(heard: string): Promise<Answer> {
    return this.#take({ occasion: 'turn', heard });
  }

  async stayAway(): Promise<Answer> {
    return this.#take({ occasion: 'away' });
  }

  async repeatPerfectly(): Promise<Answer> {
    return this.say(this.asked.toLowerCase().replace(/[.,!?]/gu, ''));
  }

  async #take(request: Pick<TutorRequest, 'occasion'> & { readonly heard?: string }): Promise<Answer> {
    const answer = await reply({ ...request, level: this.level, memory: this.memory, history: this.history });
    const json = JSON.stringify(answer.memory);
    assert.deepEqual(JSON.parse(json), answer.memory, 'the memory survives JSON');
    this.memory = JSON.parse(json) as TutorMemory;
    if (request.heard) this.history.push({ speaker: 'learner', text: request.heard });
    this.history.push({ speaker: 'tutor', text: answer.text });
    return answer;
  }
}

export async function begun(level?: Level): Promise<Conversation> {
  const conversation = new Conversation(level);
  await conversation.greet();
  return conversation;
}
