import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { ConversationSettings } from '../../src/media/call/ports.ts';
import { defaultTurnSettings } from '../../src/media/call/turn-settings.ts';
import { encodeRoomNoise } from '../../src/testing/caller/opus-recording.ts';
import { RefusedError } from '../../src/testing/caller/signaling-client.ts';
import { TestCaller } from '../../src/testing/caller/test-caller.ts';
import { within } from '../../src/testing/caller/deadline.ts';
import { createScriptedSpeechToText } from '../../src/testing/engines/scripted-speech-to-text.ts';
import { createScriptedTextToSpeech } from '../../src/testing/engines/scripted-text-to-speech.ts';
import { settlePromises } from '../../src/testing/fake-clock.ts';
import { createScriptedTutor, type ScriptedAnswer } from '../../src/testing/engines/scripted-tutor.ts';
import { startTestMediaNode, type TestMediaNode, type TestMediaNodeOptions } from '../../src/testing/media-node.ts';
import { undisturbed } from '../../src/testing/undisturbed.ts';
import { until } from '../../src/testing/until.ts';
import { captureLog } from '../../src/testing/yandex/captured-log.ts';

/** Asks early whether anybody is there, and ends the call so long after it. */
function silentSettings(endAfterAwayMs: number): ConversationSettings {
  return {
    turns: { ...defaultTurnSettings, awayAfterMs: 100, endAfterAwayMs },
    voice: { startThreshold: 0.5, stopThreshold: 0.35, startAfterMs: 60, stopAfterMs: 100, paddingMs: 300 },
  };
}

const room = encodeRoomNoise(1_000);

function startNode(
  test: TestContext,
  options: Omit<TestMediaNodeOptions, 'engines'> & { readonly answers?: readonly ScriptedAnswer[] } = {},
): Promise<TestMediaNode> {
  const { answers, ...others } = options;
  return startTestMediaNode(test, {
    ...others,
    engines: {
      speechToText: createScriptedSpeechToText(),
      tutor: createScriptedTutor({
        answers: answers ?? ['A greeting that takes some seconds to say, so that it is there.'],
      }),
      textToSpeech: createScriptedTextToSpeech(),
    },
  });
}

async function dial(test: TestContext, node: TestMediaNode, token: string, media = true): Promise<TestCaller> {
  const caller = await TestCaller.dial({ url: node.url, path: node.path, token, media, background: room });
  test.after(() => caller.close());
  return caller;
}

/** While the worker is being replaced a join is refused as `retryable`. */
async function dialWhenReady(test: TestContext, node: TestMediaNode): Promise<TestCaller> {
  for (const deadline = Date.now() + 60_000; ;) {
    try {
      return await dial(test, node, node.place().token);
    } catch (error) {
      if (!(error instanceof RefusedError && error.retryable) || Date.now() > deadline) throw error;
    }
  }
}

const refused = (code: string) => (error: unknown) => error instanceof RefusedError && error.code === code;

describe('calls on a media node', { timeout: 300_000 }, () => {
  it('greets, hangs up twice, and ends once', async (test) => {
    const node = await startNode(test);
    const { callId, token } = node.place();
    const caller = await dial(test, node, token);
    await caller.hear(20);
    await Promise.all([caller.hangUp(), caller.hangUp()]);
    const ending = await node.ending(callId);
    assert.equal(ending.reason, 'hang_up');
    assert.ok(ending.talkedMs >= 19 * 20, `talked ${ending.talkedMs} ms`);
    assert.equal(node.endings(callId).length, 1);
    const [greeting] = node.turns(callId);
    assert.equal(greeting?.interrupted, true);
    assert.ok(greeting && greeting.heardText.length < greeting.text.length);
    await assert.rejects(dial(test, node, token), refused('call_ended'));
    assert.equal(node.node.calls.size, 0);
  });

  it('ends, and gives its place free, where its recording cannot be stored; a drain lets it try', async (test) => {
    const stored = Promise.withResolvers<void>();
    const recorder = {
      advance() {},
      tutor() {},
      learner() {},
      broken: new AbortController().signal,
      close: () => stored.promise,
    };
    const node = await startNode(test, { recordings: { begin: () => Promise.resolve(recorder) } });
    const { callId, token } = node.place();
    const caller = await dial(test, node, token);
    await caller.hear(1);
    await caller.hangUp();
    await node.ending(callId);
    await until(() => node.node.calls.size === 0, 'the place of the call');
    let drained = false;
    const draining = node.node.calls.drain(0).then(() => (drained = true));
    await settlePromises();
    assert.equal(drained, false);
    stored.resolve();
    await draining;
  });

  it('refuses to join twice on one connection, and goes on', async (test) => {
    const node = await startNode(test);
    const caller = await dial(test, node, node.place().token);
    await assert.rejects(caller.join(false), refused('already_joined'));
    await caller.hear(10);
    await caller.hangUp();
  });

  it('says that its Opus addon is not there, and serves without', async (test) => {
    const { log, lines } = captureLog();
    const { node } = await startNode(test, { opusAddonPath: '/nowhere/opus.node', log });
    assert.equal(node.codec, '@evan/opus');
    assert.ok(
      lines.some((line) => line.includes('The Opus addon is not there')),
      lines.join(''),
    );
  });

  it("refuses a stranger's call", async (test) => {
    const node = await startNode(test);
    const mine = node.place();
    const theirs = node.place();
    const stranger = { ...JSON.parse(theirs.token), callId: mine.callId };
    await assert.rejects(dial(test, node, JSON.stringify(stranger)), refused('call_not_found'));
  });

  it('goes on when only the signaling is lost and comes back', async (test) => {
    const node = await startNode(test);
    const { callId, token } = node.place();
    const caller = await dial(test, node, token);
    await caller.hear(5);
    caller.dropSignaling();
    await caller.hear(40);
    const answer = await caller.returnSignaling();
    assert.equal(answer.resumed, true);
    assert.equal(answer.transports, null);
    await caller.hangUp();
    assert.equal((await node.ending(callId)).reason, 'hang_up');
  });

  it('lets a page that was loaded again take the call over, with its history', async (test) => {
    const node = await startNode(test, { answers: ['Hi.', 'What is it?'] });
    const { callId, token } = node.place();
    const first = await dial(test, node, token);
    await first.hear(5);
    await first.signaling.event('call:phase', ({ phase }) => phase === 'listening');
    const second = await dial(test, node, token);
    await within(first.signaling.disconnected, 30_000, 'the first page being put out');
    assert.ok(first.signaling.events.some(({ name }) => name === 'call:taken-over'));
    assert.equal(second.joined.resumed, true);
    assert.deepEqual(
      second.joined.captions.map(({ text, heard_length }) => [text, heard_length]),
      [['Hi.', 3]],
    );
    await second.hangUp();
    await node.ending(callId);
    assert.equal(node.endings(callId).length, 1);
  });

  it('ends the call at the end of the minutes that are held', async (test) => {
    const node = await startNode(test, { beat: () => Promise.resolve({ heldMs: 1_500, coveredMs: 1_500 }) });
    await undisturbed(test, async () => {
      const { callId, token } = node.place();
      const caller = await dial(test, node, token);
      const ended = await caller.signaling.event('call:ended');
      assert.equal(ended.reason, 'no_minutes');
      const { talkedMs } = await node.ending(callId);
      assert.ok(talkedMs >= 1_500 && talkedMs < 2_000, `talked ${talkedMs} ms`);
    });
  });

  it('never connects without media, and talks for nothing', async (test) => {
    const node = await startNode(test, { deadlines: { connectMs: 300, reconnectMs: 300 } });
    const { callId, token } = node.place();
    await dial(test, node, token, false);
    assert.deepEqual(await node.ending(callId), { reason: 'never_connected', talkedMs: 0 });
  });

  it('ends a call whose page does not come back', async (test) => {
    const node = await startNode(test, { deadlines: { connectMs: 60_000, reconnectMs: 300 } });
    const { callId, token } = node.place();
    const caller = await dial(test, node, token);
    await caller.hear(5);
    caller.dropSignaling();
    assert.equal((await node.ending(callId)).reason, 'connection_lost');
  });

  it('ends its calls when the media worker dies, and serves the next one', async (test) => {
    const node = await startNode(test);
    const { callId, token } = node.place();
    const caller = await dial(test, node, token);
    await caller.hear(5);
    const [worker] = await node.node.workers();
    assert.ok(worker);
    process.kill(worker.pid, 'SIGKILL');
    assert.equal((await caller.signaling.event('call:ended')).reason, 'worker_died');
    assert.equal((await node.ending(callId)).reason, 'worker_died');
    const next = await dialWhenReady(test, node);
    await next.hear(5);
    await next.hangUp();
  });

  it('reads its settings when a call starts, without being started again', async (test) => {
    let endAfterAwayMs = 60_000;
    const node = await startNode(test, {
      answers: ['Hi.'],
      readSettings: () => Promise.resolve(silentSettings(endAfterAwayMs)),
    });
    const early = node.place();
    const caller = await dial(test, node, early.token);
    endAfterAwayMs = 400;
    const late = node.place();
    await dial(test, node, late.token);
    assert.equal((await node.ending(late.callId)).reason, 'idle');
    assert.deepEqual(node.endings(early.callId), [], 'a call under way keeps the settings it began with');
    await caller.hangUp();
  });

  it('lets live calls finish when it drains, and takes no new ones', async (test) => {
    const node = await startNode(test);
    const live = node.place();
    const caller = await dial(test, node, live.token);
    await caller.hear(5);
    const drained = node.node.close(60_000);
    await assert.rejects(dial(test, node, node.place().token), refused('node_draining'));
    await caller.hear(20);
    await caller.hangUp();
    await drained;
    assert.equal((await node.ending(live.callId)).reason, 'hang_up');
  });
});
