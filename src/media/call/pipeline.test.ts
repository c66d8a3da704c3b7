import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Registry } from 'prom-client';
import { createSilentLogger } from '../../platform/log.ts';
import type { TextToSpeech, TutorMemory } from '../../speech/engine.ts';
import { createScriptedSpeechToText, type ScriptedUtterance } from '../../testing/engines/scripted-speech-to-text.ts';
import { createScriptedTextToSpeech } from '../../testing/engines/scripted-text-to-speech.ts';
import { createScriptedTutor, type ScriptedAnswer } from '../../testing/engines/scripted-tutor.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { loadOpus } from '../audio/opus.ts';
import { Speaker } from '../audio/speaker.ts';
import type { CallPhase, Caption, TurnLatency } from '../protocol.ts';
import { apologies } from './apologies.ts';
import { createCallMetrics } from './call-metrics.ts';
import { PipelineConversation } from './pipeline.ts';
import type { TurnRecord } from './ports.ts';
import { Transcript } from './transcript.ts';
import { defaultTurnSettings } from './turn-settings.ts';

const FRAME_MS = 20;
const codec = loadOpus();

interface Script {
  readonly utterances?: readonly ScriptedUtterance[];
  readonly answers?: readonly ScriptedAnswer[];
  readonly earFails?: boolean;
  /** The second half of each sentence comes at another sample rate. */
  readonly twoVoices?: boolean;
}

const durationMs = (text: string): number => text.length * 20;

const twoVoices: TextToSpeech = {
  name: 'two',
  sampleRate: 24_000,
  capabilities: { languages: ['en'], wordTimes: false },
  async *synthesize({ text }) {
    const halfMs = 20 * Math.floor(text.length / 2);
    yield { type: 'audio', samples: new Int16Array(24 * halfMs) };
    yield { type: 'audio', samples: new Int16Array(48 * (durationMs(text) - halfMs)), sampleRate: 48_000 };
  },
};

/** A conversation with scripted engines and the real speaker, on a clock that moves in frames. */
function createRig(script: Script) {
  const clock = new FakeClock();
  const log = createSilentLogger();
  const tutor = createScriptedTutor({ ...(script.answers && { answers: script.answers }) });
  const packets: number[] = [];
  const speaker = new Speaker({
    codec,
    ssrc: 1,
    payloadType: 100,
    // One byte says that the sound ends here; it is none itself.
    send: (packet) => packet.length > 13 && packets.push(clock.monotonicMs()),
  });
  const seen = {
    captions: new Map<number, Caption>(),
    phases: [] as CallPhase[],
    turns: new Map<number, TurnRecord>(),
    latencies: [] as TurnLatency[],
    memories: [] as TutorMemory[],
    notices: [] as string[],
    over: undefined as string | undefined,
  };
  const conversation = new PipelineConversation({
    speechToText: createScriptedSpeechToText({
      utterances: script.utterances ?? [],
      ...(script.earFails && { openFailure: { code: 'engine_program_missing', retryable: false, message: 'gone' } }),
    }),
    tutor,
    textToSpeech: script.twoVoices === true ? twoVoices : createScriptedTextToSpeech({ durationMs }),
    speaker,
    transcript: new Transcript(),
    memory: undefined,
    language: 'en',
    level: 'beginner',
    instructions: '',
    settings: defaultTurnSettings,
    clock,
    log,
    metrics: createCallMetrics(new Registry()),
    talkedMs: () => clock.monotonicMs(),
    listener: {
      onPhase: (phase) => seen.phases.push(phase),
      onCaption: (caption) => seen.captions.set(caption.turn, caption),
      onLatency: (latency) => seen.latencies.push(latency),
      onTurn: (turn) => seen.turns.set(turn.ordinal, turn),
      onMemory: (memory) => seen.memories.push(memory),
      onNotice: ({ code }) => seen.notices.push(code),
      onOver: (reason) => (seen.over ??= reason),
    },
  });
  const frame = new Int16Array(320);

  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += FRAME_MS) {
      const slotMs = clock.monotonicMs();
      speaker.send(slotMs);
      conversation.hear(frame);
      speaker.prepare(slotMs);
      await clock.advance(FRAME_MS);
    }
  };
  /** The learner's voice, as the detector tells it: 60 ms after it began, 100 ms after it ended. */
  const say = async (lengthMs: number) => {
    const startedMs = clock.monotonicMs();
    await pass(60);
    conversation.voice({ type: 'speech_started', atMs: startedMs + 60, voicedSinceMs: startedMs, prefixMs: 360 });
    await pass(lengthMs - 60);
    const endedMs = clock.monotonicMs();
    await pass(100);
    conversation.voice({ type: 'speech_stopped', atMs: endedMs + 100, silentSinceMs: endedMs });
  };
  const begin = async () => {
    conversation.start();
    await clock.advance(0);
    conversation.resume();
  };
  return { clock, conversation, speaker, tutor, packets, seen, pass, say, begin };
}

const twoSentences = 'This is the first sentence of it. And this here is the second sentence.';

describe('the pipeline conversation', () => {
  it('has the greeting ready before the media is connected, and says it at once', async () => {
    const rig = createRig({ answers: ['Hello there.'] });
    rig.conversation.start();
    await rig.pass(500);
    assert.deepEqual(rig.packets, []);
    assert.equal(rig.tutor.requests[0]?.occasion, 'greeting');
    rig.conversation.resume();
    const connectedMs = rig.clock.monotonicMs();
    await rig.pass(1_000);
    assert.ok((rig.packets[0] ?? Infinity) - connectedMs <= FRAME_MS, 'the first packet leaves in the next slot');
    assert.equal(rig.packets.length, 12, '"Hello there." is 240 ms');
    assert.deepEqual(rig.seen.phases, ['thinking', 'speaking', 'listening']);
    assert.equal(rig.seen.turns.get(0)?.heardText, 'Hello there.');
    rig.conversation.close();
  });

  it('hears a turn, answers it, and keeps both', async () => {
    const rig = createRig({ utterances: ['I like tea.'], answers: ['Hello.', 'So do I.'] });
    await rig.begin();
    await rig.pass(1_000);
    await rig.say(800);
    await rig.pass(2_000);
    assert.deepEqual(rig.tutor.requests[1]?.history, [{ speaker: 'tutor', text: 'Hello.' }]);
    assert.equal(rig.tutor.requests[1]?.heard, 'I like tea.');
    const [, learner, tutor] = [...rig.seen.turns.values()];
    assert.deepEqual([learner?.speaker, learner?.text, learner?.durationMs], ['learner', 'I like tea.', 800]);
    assert.deepEqual([tutor?.speaker, tutor?.heardText, tutor?.interrupted], ['tutor', 'So do I.', false]);
    const { endpoint = 0, reply = 0 } = tutor?.stages ?? {};
    assert.equal(endpoint, defaultTurnSettings.minEndpointDelayMs);
    assert.ok(reply >= endpoint && reply <= endpoint + 2 * FRAME_MS, `reply after ${reply} ms`);
    assert.equal(rig.seen.latencies[0]?.reply_ms, Math.round(reply));
    rig.conversation.close();
  });

  it('stops when it is interrupted, and remembers only what was heard', async () => {
    const rig = createRig({
      utterances: [{ final: 'Wait, please.', partials: [{ afterMs: 400, text: 'wait' }] }],
      answers: [twoSentences, 'Of course.'],
    });
    await rig.begin();
    await rig.pass(300);
    await rig.say(800);
    const interruptedAt = rig.clock.monotonicMs();
    await rig.pass(200);
    const heard = rig.seen.turns.get(0);
    assert.equal(heard?.interrupted, true);
    assert.ok(heard !== undefined && twoSentences.startsWith(heard.heardText) && heard.heardText.length > 0);
    assert.ok(heard.heardText.length < 40, `heard: ${heard.heardText}`);
    const spoken = rig.packets.filter((atMs) => atMs > 300 + 200 + FRAME_MS && atMs < interruptedAt);
    assert.deepEqual(spoken, [], 'nothing is said after 200 ms of speech');
    await rig.pass(1_500);
    assert.deepEqual(rig.tutor.requests[1]?.history, [{ speaker: 'tutor', text: heard.heardText }]);
    assert.equal(rig.seen.turns.get(2)?.heardText, 'Of course.');
    rig.conversation.close();
  });

  it('goes on after a cough, to the sample', async () => {
    const rig = createRig({ utterances: [''], answers: [twoSentences] });
    await rig.begin();
    await rig.pass(300);
    await rig.say(300);
    await rig.pass(3_000);
    const expectedPackets = Math.ceil((33 * 20) / FRAME_MS) + Math.ceil((37 * 20) / FRAME_MS);
    assert.equal(rig.packets.length, expectedPackets, 'every packet of both sentences, once');
    assert.equal(rig.seen.turns.get(0)?.heardText, twoSentences);
    assert.equal(rig.seen.turns.get(0)?.interrupted, false);
    rig.conversation.close();
  });

  it('drops an answer that was begun on a wrong guess, with all it would have left', async () => {
    const remembers = (memory: TutorMemory, text: string): ScriptedAnswer => ({
      events: [
        { type: 'text', delta: text },
        { type: 'memory', memory },
      ],
    });
    const rig = createRig({
      utterances: ['hello', 'my friend.'],
      answers: ['Hi.', remembers({ wrong: true }, 'Too early.'), remembers({ right: true }, 'Hello to you.')],
    });
    await rig.begin();
    await rig.pass(500);
    await rig.say(500);
    await rig.pass(300);
    assert.equal(rig.tutor.requests.length, 2, 'an answer was begun');
    await rig.say(600);
    await rig.pass(2_000);
    assert.equal(rig.tutor.requests[2]?.heard, 'hello my friend.');
    assert.deepEqual(rig.seen.memories, [{ right: true }]);
    const said = [...rig.seen.turns.values()].map(({ text }) => text);
    assert.deepEqual(said, ['Hi.', 'hello my friend.', 'Hello to you.']);
    rig.conversation.close();
  });

  it('says so when an answer fails, and ends the call when the next one fails too', async () => {
    const failing: ScriptedAnswer = {
      events: [],
      failure: { code: 'engine_failed', message: 'down', retryable: true },
    };
    const rig = createRig({ utterances: ['One.', 'Two.'], answers: ['Hi.', failing, failing, failing, failing] });
    await rig.begin();
    await rig.pass(500);
    await rig.say(500);
    await rig.pass(1_000);
    assert.deepEqual(rig.seen.notices, ['engine_failed']);
    assert.equal(rig.seen.phases.at(-1), 'listening');
    assert.equal(rig.seen.over, undefined);
    await rig.say(500);
    await rig.pass(1_000);
    assert.equal(rig.seen.over, 'engine_failed');
    rig.conversation.close();
  });

  it('says so when nothing can hear, and ends the call when that was heard', async () => {
    const rig = createRig({ earFails: true });
    await rig.begin();
    await rig.pass(100);
    assert.deepEqual(rig.seen.notices, ['engine_program_missing']);
    assert.deepEqual([rig.seen.over, rig.conversation.phase], [undefined, 'speaking']);
    await rig.say(500);
    await rig.pass(3_000);
    assert.equal([...rig.seen.turns.values()].at(-1)?.heardText, apologies.deaf.en);
    assert.equal(rig.seen.over, 'engine_failed');
    rig.conversation.close();
  });

  it('ends the call after two failures in a row, though an apology was heard each time', async () => {
    const events = [{ type: 'text', delta: 'Sorry.' } as const];
    const apologizing: ScriptedAnswer = { events, failure: { code: 'engine_failed', retryable: true } };
    const rig = createRig({
      utterances: ['One.', 'Two.'],
      answers: ['Hi.', apologizing, apologizing, apologizing, apologizing],
    });
    await rig.begin();
    await rig.pass(500);
    await rig.say(500);
    await rig.pass(1_500);
    assert.deepEqual([rig.seen.over, rig.seen.turns.get(2)?.heardText], [undefined, 'Sorry.']);
    await rig.say(500);
    await rig.pass(1_500);
    assert.equal(rig.seen.over, 'engine_failed');
    rig.conversation.close();
  });

  it('goes on with a call that another conversation left, and answers what that had not', async () => {
    const rig = createRig({ utterances: ['Next.'], answers: ['So do I.', 'Well.'] });
    rig.conversation.takeOver({ unanswered: 'I like tea.', speaking: false });
    rig.conversation.resume();
    await rig.pass(2_000);
    assert.deepEqual(
      rig.tutor.requests.map(({ occasion, heard }) => [occasion, heard]),
      [['turn', 'I like tea.']],
    );
    assert.deepEqual(
      [...rig.seen.turns.values()].map(({ heardText }) => heardText),
      ['I like tea.', 'So do I.'],
    );
    await rig.say(500);
    await rig.pass(2_000);
    assert.equal(rig.tutor.requests[1]?.heard, 'Next.');
    rig.conversation.close();
  });

  it('excuses itself when it goes on with a call that left nothing to answer', async () => {
    const rig = createRig({ answers: ['Never.'] });
    rig.conversation.takeOver({ unanswered: '', speaking: false });
    rig.conversation.resume();
    await rig.pass(2_000);
    assert.equal(rig.seen.turns.get(0)?.heardText, apologies.lostLine.en);
    assert.equal(rig.tutor.requests.length, 0);
    rig.conversation.close();
  });

  it('plays on where another voice takes over within a sentence', async () => {
    const rig = createRig({ answers: [twoSentences], twoVoices: true });
    await rig.begin();
    await rig.pass(2_500);
    assert.equal(rig.seen.turns.get(0)?.heardText, twoSentences);
    assert.equal(rig.packets.length, 33 + 37);
    rig.conversation.close();
  });

  it('hangs up when the goodbye has been heard', async () => {
    const rig = createRig({ answers: [{ events: [{ type: 'text', delta: 'Goodbye.' }, { type: 'end_call' }] }] });
    await rig.begin();
    await rig.pass(140);
    assert.equal(rig.seen.over, undefined);
    await rig.pass(200);
    assert.equal(rig.seen.over, 'lesson_over');
    rig.conversation.close();
  });

  it('loses no sound to an outage', async () => {
    const rig = createRig({ answers: [twoSentences] });
    await rig.begin();
    await rig.pass(200);
    rig.conversation.suspend();
    const before = rig.packets.length;
    await rig.pass(5_000);
    assert.ok(rig.packets.length <= before + 1);
    assert.equal(rig.conversation.phase, 'reconnecting');
    rig.conversation.resume();
    await rig.pass(2_000);
    assert.equal(rig.packets.length, 33 + 37);
    assert.equal(rig.seen.turns.get(0)?.heardText, twoSentences);
    rig.conversation.close();
  });

  it('asks once whether anybody is there, and then ends', async () => {
    const rig = createRig({ answers: ['Hello.', 'Are you there?'] });
    await rig.begin();
    await rig.pass(16_000);
    assert.equal(rig.tutor.requests[1]?.occasion, 'away');
    assert.equal(rig.seen.over, undefined);
    await rig.pass(61_000);
    assert.equal(rig.seen.over, 'idle');
    rig.conversation.close();
  });

  it('keeps what was heard when the call ends in mid-sentence', async () => {
    const rig = createRig({ answers: [twoSentences] });
    await rig.begin();
    await rig.pass(680);
    rig.conversation.close();
    rig.conversation.close();
    assert.equal(rig.seen.turns.get(0)?.heardText, 'This is the first sentence of it.');
  });

  it('keeps how soon it fell silent when it was interrupted', async () => {
    const rig = createRig({
      utterances: [{ final: 'Wait for me.', partials: [{ afterMs: 700, text: 'wait for' }] }],
      answers: [twoSentences, 'Of course.'],
    });
    await rig.begin();
    await rig.pass(300);
    await rig.say(800);
    await rig.pass(200);
    assert.equal(rig.seen.turns.get(0)?.stages.stop, defaultTurnSettings.interruptionSpeechMs);
    assert.deepEqual(rig.seen.latencies[0], { turn: 0, stop_ms: defaultTurnSettings.interruptionSpeechMs });
    rig.conversation.close();
  });

  it('gives up an engine that hangs, and listens', async () => {
    const rig = createRig({ utterances: ['Hello.'], answers: ['Hi.', { events: [], stall: true }] });
    await rig.begin();
    await rig.pass(500);
    await rig.say(500);
    await rig.pass(defaultTurnSettings.engineSilenceMs - 1_000);
    assert.equal(rig.conversation.phase, 'thinking');
    await rig.pass(2_000);
    assert.deepEqual(rig.seen.notices, ['engine_timed_out']);
    assert.equal(rig.conversation.phase, 'listening');
    rig.conversation.close();
  });

  it('is heard again after an answer that came to nothing while it was held', async () => {
    const nothing: ScriptedAnswer = { events: [] };
    const rig = createRig({ utterances: ['One.', 'Two.'], answers: [nothing, nothing, 'Three.'] });
    await rig.begin();
    await rig.say(400);
    await rig.say(500);
    await rig.pass(2_000);
    assert.equal([...rig.seen.turns.values()].at(-1)?.heardText, 'Three.');
    rig.conversation.close();
  });

  it('answers after an outage what was said before it', async () => {
    const rig = createRig({
      utterances: [{ final: 'I like tea.', finalAfterMs: 200 }],
      answers: ['Hi.', 'So do I.'],
    });
    await rig.begin();
    await rig.pass(500);
    await rig.say(500);
    rig.conversation.suspend();
    await rig.pass(3_000);
    rig.conversation.resume();
    await rig.pass(2_000);
    assert.equal(rig.tutor.requests[1]?.heard, 'I like tea.');
    assert.equal(rig.seen.turns.get(2)?.heardText, 'So do I.');
    rig.conversation.close();
  });

  it('holds the answer back for a cough, and says it from its beginning', async () => {
    const rig = createRig({
      utterances: ['Hello.', ''],
      answers: ['Hi.', { events: [{ type: 'text', delta: 'So' }], stall: true }],
    });
    await rig.begin();
    await rig.pass(500);
    await rig.say(500);
    await rig.pass(350);
    const before = rig.packets.length;
    await rig.say(300);
    await rig.pass(200);
    assert.equal(rig.tutor.requests.length, 2, 'the answer was not begun again');
    assert.equal(rig.packets.length, before);
    rig.conversation.close();
  });
});
