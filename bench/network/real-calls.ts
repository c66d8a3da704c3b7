import { pino } from 'pino';
import type { MicrophoneStats } from '../../src/media/audio/microphone.ts';
import { RTP_HEADER_BYTES } from '../../src/media/audio/rtp.ts';
import type { SpeechToText, TranscriptionEvent } from '../../src/speech/engine.ts';
import { TestCaller } from '../../src/testing/caller/test-caller.ts';
import { createScriptedTextToSpeech } from '../../src/testing/engines/scripted-text-to-speech.ts';
import { createScriptedTutor } from '../../src/testing/engines/scripted-tutor.ts';
import { startTestMediaNode } from '../../src/testing/media-node.ts';
import type { NetworkConditions } from '../../src/testing/network/conditions.ts';
import { LossyRelay } from '../../src/testing/network/lossy-relay.ts';
import { sendAsBrowser } from './browser-sender.ts';
import type { SpokenLesson } from './spoken-lessons.ts';
import { errorsIn, wordErrorRate } from './word-errors.ts';

export interface RealCondition {
  readonly name: string;
  readonly toServer: NetworkConditions;
  readonly fecPercent: number;
  /** Lost packets are asked for again. */
  readonly nack: boolean;
}

export interface RealResult {
  readonly condition: RealCondition;
  readonly wordErrorRate: number;
  readonly packetsSent: number;
  readonly relayLost: number;
  readonly stats: MicrophoneStats;
}

export interface RealCallOptions {
  readonly lesson: SpokenLesson;
  readonly speechToText: SpeechToText;
  readonly opusAddonPath: string | undefined;
  readonly seed: number;
}

/** One call in real time over real sockets: WebRTC caller, relay, media worker, media node, recognizer. */
export async function callForReal(condition: RealCondition, options: RealCallOptions): Promise<RealResult> {
  const { lesson, speechToText, opusAddonPath, seed } = options;
  const { toServer, fecPercent, nack } = condition;
  const closing: (() => Promise<void> | void)[] = [];
  const heard: string[] = [];
  const lines: string[] = [];
  try {
    const node = await startTestMediaNode(
      { after: (close) => closing.push(close) },
      {
        engines: {
          speechToText: overheard(speechToText, (text) => heard.push(text)),
          tutor: createScriptedTutor({ answers: ['Hi.'] }),
          textToSpeech: createScriptedTextToSpeech(),
        },
        ...(opusAddonPath && { opusAddonPath }),
        log: pino({ level: 'info' }, { write: (line) => void lines.push(line) }),
      },
    );
    const relay = await LossyRelay.start({ serverPort: node.rtcPort, toServer, seed });
    closing.push(() => relay.close());
    const { callId, token } = node.place();
    const caller = await TestCaller.dial({ url: node.url, path: node.path, token, mediaPort: relay.port, nack });
    closing.push(() => caller.close());
    const sent = sendAsBrowser(lesson.sound, { expectedLossPercent: fecPercent, dtx: false });
    await caller.speak(sent.map(({ packet }) => packet.subarray(RTP_HEADER_BYTES)));
    await caller.hangUp();
    await node.ending(callId);
    const end = lines.map((line) => JSON.parse(line)).find(({ msg }) => msg === 'A call ended');
    const { errors, words } = errorsIn(lesson.sentences.map(({ text }) => text).join(' '), heard.join(' '));
    return {
      condition,
      wordErrorRate: wordErrorRate([{ errors, words }]),
      packetsSent: caller.framesSent,
      relayLost: relay.counts.toServer.lost,
      stats: end.media.microphone,
    };
  } finally {
    for (const close of closing.toReversed()) await close();
  }
}

function overheard(engine: SpeechToText, onFinal: (text: string) => void): SpeechToText {
  return {
    ...engine,
    open: (options) => {
      const stream = engine.open(options);
      return {
        write: (frame) => stream.write(frame),
        startUtterance: (prefixMs) => stream.startUtterance(prefixMs),
        endUtterance: () => stream.endUtterance(),
        close: () => stream.close(),
        events: listened(stream.events, onFinal),
      };
    },
  };
}

async function* listened(
  events: AsyncIterable<TranscriptionEvent>,
  onFinal: (text: string) => void,
): AsyncGenerator<TranscriptionEvent> {
  for await (const event of events) {
    if (event.type === 'final') onFinal(event.text);
    yield event;
  }
}
