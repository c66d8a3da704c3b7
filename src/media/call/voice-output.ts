import type { Speaker } from '../audio/speaker.ts';

/** Where the tutor's voice goes: a call's speaker, or whatever else plays segments one after the other. */
export type VoiceOutput = Pick<Speaker, 'openSegment' | 'room' | 'stop' | 'pause' | 'resume'>;
