import { EngineError, type SpeechToText, type TranscriptionEvent } from '../../speech/engine.ts';
import { EventQueue } from '../../speech/event-queue.ts';

/** Understands "hello" when it was loud for at least half a second. */
export function loudnessEar({ keeps, startLoss = false }: { keeps: boolean; startLoss?: boolean }): SpeechToText {
  return {
    name: 'loudness',
    capabilities: { languages: ['en'], endOfUtterance: false, wordTimes: false },
    open({ language, signal }) {
      const queue = new EventQueue<TranscriptionEvent>();
      signal.addEventListener('abort', () => queue.endNow(), { once: true });
      if (signal.aborted) queue.endNow();
      if (language !== 'en') {
        const message = 'English only';
        const error = new EngineError({ engine: 'loudness', code: 'engine_rejected', message, retryable: false });
        queue.push({ type: 'error', error });
        queue.end();
      }
      let before: Int16Array[] = [];
      let utteranceFrames: Int16Array[] | undefined;
      return {
        write(frame) {
          const kept = keeps ? frame : frame.slice();
          if (utteranceFrames) utteranceFrames.push(kept);
          else before = [...before, kept].slice(-50);
        },
        startUtterance(prefixMs) {
          const prefixFrames = startLoss || prefixMs === 0 ? [] : before.slice(-Math.ceil(prefixMs / 20));
          utteranceFrames ??= prefixFrames;
          before = [];
        },
        endUtterance() {
          if (!utteranceFrames) return;
          const loud = utteranceFrames.filter((frame) => frame.some((sample) => sample > 1_000)).length;
          utteranceFrames = undefined;
          queue.push({ type: 'final', text: loud >= 500 / 20 ? 'hello' : '' });
        },
        events: queue,
        close: () => queue.endNow(),
      };
    },
  };
}
