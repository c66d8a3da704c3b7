import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Registry } from 'prom-client';
import { createSilentLogger } from '../../platform/log.ts';
import {
  createScriptedSpeechToSpeech,
  type ScriptedSpeechToSpeechOptions,
} from '../../testing/engines/scripted-speech-to-speech.ts';
import { createScriptedSpeechToText } from '../../testing/engines/scripted-speech-to-text.ts';
import { createScriptedTextToSpeech, createTone } from '../../testing/engines/scripted-text-to-speech.ts';
import { createScriptedTutor } from '../../testing/engines/scripted-tutor.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { loadOpus } from '../audio/opus.ts';
import { Speaker } from '../audio/speaker.ts';
import type { CallPhase } from '../protocol.ts';
import { apologies } from './apologies.ts';
import { createCallMetrics } from './call-metrics.ts';
import { PipelineConversation } from './pipeline.ts';
import type { TurnRecord } from './ports.ts';
import { SpeechToSpeechConversation } from './speech-to-speech.ts';
import { SwitchingConversation } from './switching-conversation.ts';
import { Transcript } from './transcript.ts';
import { defaultTurnSettings } from './turn-settings.ts';

const FRAME_MS = 20;
const codec = loadOpus();
const loud: Int16Array = createTone({ sampleRate: 16_000, durationMs: FRAME_MS });
const silent: Int16Array = new Int16Array(320);

interface Script extends ScriptedSpeechToSpeechOptions {
  /** Of the pipeline behind it. */
  readonly utterances?: readonly string[];
}

/** The scripted engine and the real speaker, with the pipeline behind, on a clock that moves in frames. */
function createRig(script: Script) {
  const clock = new FakeClock();
  const log = createSilentLogger();
  const metrics = createCallMetrics(new Registry());
  const transcript = new Transcript();
  const speechToSpeech = createScriptedSpeechToSpeech({ ...script, name: 'whole' });
  const tutor = createScriptedTutor({ answers: ['From the pipeline.'] });
  const packets: number[] = [];
  const speaker = new Speaker({
    codec,
    ssrc: 1,
    payloadType: 100,
    send: (packet) => packet.length > 13 && packets.push(clock.monotonicMs()),
  });
  const seen = {
    phases: [] as CallPhase[],
    turns: new Map<number, TurnRecord>(),
    switched: undefined as string | undefined,
    over: undefined as string | undefined,
  };
  const common = {
    speaker,
    transcript,
    language: 'en' as const,
    level: 'beginner' as const,
    instructions: 'Be kind.',
    settings: defaultTurnSettings,
    clock,
    log,
    metrics,
    talkedMs: () => clock.monotonicMs(),
    listener: {
      onPhase: (phase: CallPhase) => seen.phases.push(phase),
      onCaption: () => {},
      onLatency: () => {},
      onTurn: (turn: TurnRecord) => seen.turns.set(turn.ordinal, turn),
      onMemory: () => {},
      onNotice: () => {},
      onOver: (reason: string) => (seen.over ??= reason),
    },
  };
  const ear = createScriptedSpeechToText({ utterances: script.utterances ?? [] });
  const conversation = new SwitchingConversation({
    transcript,
    createFirst: (onFailed) => new SpeechToSpeechConversation({ ...common, speechToSpeech, onFailed }),
    createSecond: () =>
      new PipelineConversation({
        ...common,
        speechToText: ear,
        tutor,
        textToSpeech: createScriptedTextToSpeech({ durationMs: (text) => text.length * 20 }),
        memory: undefined,
      }),
    onSwitched: ({ code }) => (seen.switched = code),
  });
  const pass = async (ms: number, frame = silent) => {
    for (let passed = 0; passed < ms; passed += FRAME_MS) {
      const slotMs = clock.monotonicMs();
      speaker.send(slotMs);
      conversation.hear(frame);
      speaker.prepare(slotMs);
      await clock.advance(FRAME_MS);
    }
  };
  /** As the detector tells it; the engine hears it by its loudness. */
  const say = async (lengthMs: number, frame = loud) => {
    const startedMs = clock.monotonicMs();
    await pass(60, frame);
    conversation.voice({ type: 'speech_started', atMs: startedMs + 60, voicedSinceMs: startedMs, prefixMs: 360 });
    await pass(lengthMs - 60, frame);
    const endedMs = clock.monotonicMs();
    await pass(100);
    conversation.voice({ type: 'speech_stopped', atMs: endedMs + 100, silentSinceMs: endedMs });
  };
  const begin = async () => {
    conversation.start();
    await clock.advance(0);
    conversation.resume();
  };
  const heard = () => [...seen.turns.values()].map(({ speaker: who, heardText }) => `${who}: ${heardText}`);
  return { clock, conversation, speechToSpeech, tutor, ear, packets, seen, pass, say, begin, heard };
}

const longAnswer = 'This is a very long answer, which goes on and on, so that there is time to talk over it.';

describe('speech to speech', () => {
  it('greets, hears a turn and answers it, and keeps both with their stages', async () => {
    const rig = createRig({ greeting: 'Hello.', dialogue: [{ heard: 'I like tea.', answer: 'So do I.' }] });
    await rig.begin();
    await rig.pass(1_000);
    await rig.say(800);
    await rig.pass(2_000);
    assert.deepEqual(rig.heard(), ['tutor: Hello.', 'learner: I like tea.', 'tutor: So do I.']);
    const [greeting, learner, answer] = [...rig.seen.turns.values()];
    assert.deepEqual(greeting?.stages, {});
    assert.deepEqual([learner?.durationMs, learner?.engines], [800, { s2s: 'whole' }]);
    const { endpoint = 0, first_audio: sound = 0, reply = 0 } = answer?.stages ?? {};
    assert.ok(
      endpoint >= 150 && sound >= endpoint && reply >= sound && reply <= endpoint + 60,
      JSON.stringify(answer?.stages),
    );
    assert.deepEqual(rig.seen.phases, [
      'thinking',
      'speaking',
      'listening',
      'hearing',
      'thinking',
      'speaking',
      'listening',
    ]);
    rig.conversation.close();
  });

  it('falls silent when the learner speaks over it, and tells the engine how much was heard', async () => {
    const rig = createRig({ greeting: longAnswer, dialogue: [{ heard: 'Wait.', answer: 'Of course.' }] });
    await rig.begin();
    await rig.pass(600);
    const before = rig.packets.length;
    await rig.say(600);
    assert.ok(rig.packets.length - before <= 2, 'nothing is said once the engine hears a voice');
    await rig.pass(2_000);
    const [interruption, ...others] = rig.speechToSpeech.interruptions;
    assert.deepEqual([interruption?.answerId, others.length], ['answer-1', 0]);
    assert.ok((interruption?.playedMs ?? 0) >= 500 && (interruption?.playedMs ?? 0) <= 680);
    const greeting = rig.seen.turns.get(0);
    assert.ok(
      greeting?.interrupted && greeting.heardText.length > 0 && greeting.heardText.length < 25,
      greeting?.heardText,
    );
    assert.ok((greeting.stages.stop ?? Infinity) <= defaultTurnSettings.interruptionSpeechMs);
    assert.deepEqual(rig.heard().slice(1), ['learner: Wait.', 'tutor: Of course.']);
    rig.conversation.close();
  });

  it('goes on after a sound that the engine does not take for speech, to the sample', async () => {
    const rig = createRig({ greeting: longAnswer });
    await rig.begin();
    await rig.pass(400);
    await rig.say(300, silent);
    await rig.pass(8_000);
    assert.equal(rig.packets.length, (longAnswer.length * 60) / FRAME_MS);
    assert.deepEqual(rig.heard(), [`tutor: ${longAnswer}`]);
    assert.deepEqual(rig.speechToSpeech.interruptions, []);
    rig.conversation.close();
  });

  it('loses no sound to an outage, and nobody is away in it', async () => {
    const rig = createRig({ greeting: longAnswer });
    await rig.begin();
    await rig.pass(400);
    rig.conversation.suspend();
    await rig.pass(30_000);
    assert.equal(rig.conversation.phase, 'reconnecting');
    rig.conversation.resume();
    await rig.pass(6_000);
    assert.deepEqual(rig.heard(), [`tutor: ${longAnswer}`]);
    rig.conversation.close();
  });

  it('asks once whether anybody is there, and then ends', async () => {
    const rig = createRig({ greeting: 'Hello.' });
    await rig.begin();
    await rig.pass(17_000);
    assert.equal(rig.heard().length, 2);
    await rig.pass(61_000);
    assert.equal(rig.seen.over, 'idle');
    rig.conversation.close();
  });

  it('keeps what was heard when the call ends in mid-sentence', async () => {
    const rig = createRig({ greeting: longAnswer });
    await rig.begin();
    await rig.pass(1_000);
    rig.conversation.close();
    rig.conversation.close();
    const [greeting] = rig.seen.turns.values();
    assert.ok(greeting?.interrupted && longAnswer.startsWith(greeting.heardText) && greeting.heardText !== '');
  });
});

describe('speech to speech that fails', () => {
  const failure = { code: 'engine_unavailable' } as const;

  it('leaves the whole call to the pipeline when it cannot be opened', async () => {
    const rig = createRig({ openFailure: failure, utterances: ['Hello.'] });
    await rig.begin();
    await rig.pass(1_000);
    assert.equal(rig.seen.switched, 'engine_unavailable');
    assert.equal(rig.tutor.requests[0]?.occasion, 'greeting');
    assert.equal(rig.tutor.requests[0]?.instructions, 'Be kind.');
    assert.deepEqual(rig.heard(), ['tutor: From the pipeline.']);
    rig.conversation.close();
  });

  it('leaves an answer that breaks off where it broke, excuses itself, and goes on', async () => {
    const dialogue = [{ heard: 'Tell me.', answer: longAnswer, answerMs: 4_000, failure }];
    const rig = createRig({ greeting: 'Hello.', dialogue, utterances: ['Next.'] });
    await rig.begin();
    await rig.pass(1_000);
    await rig.say(600);
    await rig.pass(4_000);
    const [, learner, broken, excuse] = [...rig.seen.turns.values()];
    assert.equal(learner?.heardText, 'Tell me.');
    assert.ok(broken?.interrupted && broken.heardText.length < longAnswer.length);
    assert.equal(excuse?.heardText, apologies.lostLine.en);
    await rig.say(600);
    await rig.pass(2_000);
    assert.equal(rig.tutor.requests[0]?.heard, 'Next.');
    const history = rig.tutor.requests[0]?.history.map(({ text }) => text);
    assert.deepEqual(history, ['Hello.', 'Tell me.', broken.heardText, apologies.lostLine.en]);
    rig.conversation.close();
  });

  it('has the pipeline answer what it had understood and not answered', async () => {
    const dialogue = [{ heard: 'Tell me.', answer: 'Never.', answerMs: 100, failure }];
    const rig = createRig({ greeting: 'Hello.', dialogue });
    await rig.begin();
    await rig.pass(1_000);
    await rig.say(600);
    await rig.pass(2_000);
    assert.equal(rig.tutor.requests[0]?.heard, 'Tell me.');
    assert.deepEqual(rig.heard(), ['tutor: Hello.', 'learner: Tell me.', 'tutor: From the pipeline.']);
    rig.conversation.close();
  });

  it('has the pipeline hear what it had not understood', async () => {
    const rig = createRig({ greeting: 'Hello.', utterances: ['Are you there?'] });
    await rig.begin();
    await rig.pass(1_000);
    // The engine notices nothing of it.
    await rig.say(1_200, silent);
    await rig.pass(defaultTurnSettings.engineSilenceMs + 2_000);
    assert.equal(rig.seen.switched, 'engine_failed');
    assert.equal(rig.tutor.requests[0]?.heard, 'Are you there?');
    assert.equal(rig.ear.streams[0]?.utterances, 1);
    rig.conversation.close();
  });
});
