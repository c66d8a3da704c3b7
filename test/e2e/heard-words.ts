import path from 'node:path';
import { createSilentLogger } from '../../src/platform/log.ts';
import { createSpeechEngines } from '../../src/speech/index.ts';

/** What PocketSphinx makes of a recording (16 kHz mono), in lower case. */
export async function heardWords(samples: Int16Array): Promise<string> {
  const program = process.env['POCKETSPHINX_STREAM_BIN'];
  const engines = createSpeechEngines({
    log: createSilentLogger(),
    pocketsphinxStreamBin: program ?? path.resolve(import.meta.dirname, '../../.local/native/pocketsphinx-stream'),
  });
  const stream = engines.speechToText('local').open({ language: 'en', signal: AbortSignal.timeout(60_000) });
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
    await engines.close();
  }
}
