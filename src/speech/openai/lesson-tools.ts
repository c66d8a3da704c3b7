import { z } from 'zod';

/** What the model can do in a lesson beside speaking. */
export interface LessonTool {
  readonly name: string;
  readonly description: string;
  /** JSON Schema, strict: all fields required, none besides. */
  readonly parameters: Record<string, unknown>;
}

function object(properties: Record<string, unknown>): Record<string, unknown> {
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false };
}

const endCall: LessonTool = {
  name: 'end_call',
  description:
    'Ends the call. Use it only when the learner says goodbye or asks to stop, and say goodbye yourself first.',
  parameters: object({}),
};

const setPace: LessonTool = {
  name: 'set_pace',
  description: 'Sets how fast you speak, when the learner asks for it or cannot follow.',
  parameters: object({
    rate: { type: 'number', minimum: 0.5, maximum: 1.5, description: '1 is your normal pace, 0.7 is slow.' },
  }),
};

const noteProgress: LessonTool = {
  name: 'note_progress',
  description:
    'Keeps a short note on this learner for the rest of the lesson: a mistake to come back to, a topic, a word learned.',
  parameters: object({ note: { type: 'string', description: 'One short sentence in English.' } }),
};

/** The tutor keeps notes of its own; a speech-to-speech session keeps its conversation. */
export const TUTOR_TOOLS: readonly LessonTool[] = [endCall, setPace, noteProgress];
export const REALTIME_TOOLS: readonly LessonTool[] = [endCall, setPace];

export type LessonAction =
  | { readonly type: 'end_call' }
  | { readonly type: 'pace'; readonly rate: number }
  | { readonly type: 'note'; readonly note: string };

export interface ToolOutcome {
  readonly action: LessonAction | undefined;
  /** JSON, for the model. */
  readonly output: string;
}

const pace = z.object({ rate: z.number() });
const note = z.object({ note: z.string() });
const MAX_NOTE_LENGTH = 200;

/** What a call of a tool means; one that is unknown or malformed does nothing, and the model is told so. */
export function readToolCall(name: string, argumentsJson: string): ToolOutcome {
  const given = parse(argumentsJson);
  if (name === endCall.name) return done({ type: 'end_call' });
  if (name === setPace.name) {
    const parsed = pace.safeParse(given);
    if (parsed.success) return done({ type: 'pace', rate: Math.min(1.5, Math.max(0.5, parsed.data.rate)) });
  }
  if (name === noteProgress.name) {
    const parsed = note.safeParse(given);
    if (parsed.success) return done({ type: 'note', note: parsed.data.note.trim().slice(0, MAX_NOTE_LENGTH) });
  }
  return { action: undefined, output: '{"ok":false,"error":"There is no such tool, or its arguments are wrong."}' };
}

function done(action: LessonAction): ToolOutcome {
  return { action, output: '{"ok":true}' };
}

function parse(json: string): unknown {
  try {
    return json === '' ? {} : JSON.parse(json);
  } catch {
    return undefined;
  }
}
