import { createTranscoder } from '../../src/media/transcoding/transcoder.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createSilentLogger } from '../../src/platform/log.ts';
import { preferThisProcess } from '../../src/platform/priority.ts';
import { createScriptedSpeechToText } from '../../src/testing/engines/scripted-speech-to-text.ts';
import { createScriptedTextToSpeech } from '../../src/testing/engines/scripted-text-to-speech.ts';
import { createScriptedTutor } from '../../src/testing/engines/scripted-tutor.ts';
import { startTestMediaNode } from '../../src/testing/media-node.ts';

/** A real media node with voices over the socket, whose engines answer at once, in a process of its own. */

export interface Ready {
  readonly url: string;
  readonly path: string;
  readonly tokens: readonly string[];
}

const log = createSilentLogger();
preferThisProcess(log);
const calls = Number(process.argv[2]);
const answerMs = Number(process.argv[3]);
const addon = process.env['OPUS_ADDON'];
const transcoder = createTranscoder({ log, clock: systemClock });
const closings: (() => Promise<void> | void)[] = [];
const node = await startTestMediaNode(
  { after: (close) => closings.push(close) },
  {
    engines: {
      speechToText: createScriptedSpeechToText({ utterances: ['and what do you think'], repeat: true }),
      tutor: createScriptedTutor({ answers: Array.from({ length: 500 }, () => 'Very good.') }),
      textToSpeech: createScriptedTextToSpeech({ durationMs: () => answerMs, sampleRate: 22_050 }),
    },
    transcoder,
    ...(addon !== undefined && { opusAddonPath: addon }),
  },
);
const ready: Ready = {
  url: node.url,
  path: node.path,
  tokens: Array.from({ length: calls }, () => node.place().token),
};
process.send?.(ready);
process.once('disconnect', () => {
  const end = async (): Promise<void> => {
    for (const close of closings) await close();
    await transcoder.close();
    process.exit(0);
  };
  void end();
});
