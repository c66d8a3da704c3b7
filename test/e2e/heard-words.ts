import { systemClock } from '../../src/platform/clock.ts';
import { createSilentLogger } from '../../src/platform/log.ts';
import { createPocketSphinx } from '../../src/speech/local/pocketsphinx.ts';
import { PATIENT_RECOGNIZER, recognizerProgram } from '../../src/testing/recognizer-program.ts';

/** What PocketSphinx makes of a recording (16 kHz mono), in lower case. */
export async function heardWords(samples: Int16Array): Promise<string> {
  const program = recognizerProgram();
  const engine = createPocketSphinx({ program, clock: systemClock, log: createSilentLogger(), ...PATIENT_RECOGNIZER });
  const stream = engine.open({ language: 'en', signal: new AbortController().signal });
  try {
    stream.startUtterance(0);
    for (let at = 0; at + 320 <= samples.length; at += 320) stream.write(samples.subarray(at, at + 320));
    stream.endUtterance();
    for await (const event of stream.events) {
      if (event.type === 'error') throw event.error;
      if (event.type === 'final') return event.text.toLowerCase();
    }
    throw new Error('The recognizer ended without a result');
  } finally {
    stream.close();
    await engine.close();
  }
}
