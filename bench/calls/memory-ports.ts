import type { CallMeter, CallRecord, CallStore } from '../../src/media/call/ports.ts';

/** Every call exists, belongs to whoever asks, and has minutes without end. Nothing is kept. */

export function createMemoryStore(nodeId: string): CallStore {
  return {
    load: async (callId, userId): Promise<CallRecord> => ({
      id: callId,
      userId,
      nodeId,
      status: 'placed',
      language: 'en',
      level: 'beginner',
      talkedMs: 0,
      tutorMemory: undefined,
    }),
    turns: async () => [],
    markLive: async () => {},
    saveTurn: async () => {},
    saveTutorMemory: async () => {},
  };
}

export function createMemoryMeter(): CallMeter {
  return {
    beat: async (_callId, talkedMs) => ({ heldMs: talkedMs + 120_000, coveredMs: talkedMs + 3_600_000 }),
    end: async () => {},
  };
}
