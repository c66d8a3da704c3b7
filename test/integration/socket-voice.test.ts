import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { loadOpus } from '../../src/media/audio/opus.ts';
import { CallRecorder } from '../../src/media/recording/call-recorder.ts';
import { createFolderStore } from '../../src/media/recording/folder-store.ts';
import { createTranscoder } from '../../src/media/transcoding/transcoder.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createSilentLogger } from '../../src/platform/log.ts';
import { encodeRoomNoise, encodeWav } from '../../src/testing/caller/opus-recording.ts';
import { RefusedError } from '../../src/testing/caller/signaling-client.ts';
import { SocketCaller } from '../../src/testing/caller/socket-caller.ts';
import { TestCaller } from '../../src/testing/caller/test-caller.ts';
import { createScriptedSpeechToText } from '../../src/testing/engines/scripted-speech-to-text.ts';
import { createScriptedTextToSpeech } from '../../src/testing/engines/scripted-text-to-speech.ts';
import { createScriptedTutor } from '../../src/testing/engines/scripted-tutor.ts';
import { startTestMediaNode, type TestMediaNode } from '../../src/testing/media-node.ts';
import { temporaryFolder } from '../e2e/temporary-folder.ts';

const GREETING = 'A greeting that takes some seconds to say, so that it is there.';

async function startNode(test: TestContext): Promise<TestMediaNode> {
  const transcoder = createTranscoder({ log: createSilentLogger(), clock: systemClock });
  const node = await startTestMediaNode(test, {
    engines: {
      speechToText: createScriptedSpeechToText(),
      tutor: createScriptedTutor({ answers: [GREETING] }),
      textToSpeech: createScriptedTextToSpeech(),
    },
    transcoder,
  });
  test.after(() => transcoder.close());
  return node;
}

async function dial(test: TestContext, node: TestMediaNode, token: string): Promise<SocketCaller> {
  const caller = await SocketCaller.dial({ url: node.url, path: node.path, token });
  test.after(() => caller.close());
  return caller;
}

describe('a voice over the socket', { timeout: 60_000 }, () => {
  it('carries a whole call: the tutor is heard to the end, by the page’s own count', async (test) => {
    const node = await startNode(test);
    const { callId, token } = node.place();
    const caller = await dial(test, node, token);
    await caller.signaling.event('call:phase', ({ phase }) => phase === 'speaking', 20_000);
    await caller.signaling.event('call:phase', ({ phase }) => phase === 'listening', 20_000);
    const spokenMs = GREETING.length * 60;
    assert.ok(caller.playedMs >= spokenMs - 100, `played ${caller.playedMs} ms of ${spokenMs} when the turn was over`);
    await caller.hangUp();
    assert.equal((await node.ending(callId)).reason, 'hang_up');
    const [greeting] = node.turns(callId);
    assert.deepEqual([greeting?.heardText, greeting?.interrupted], [GREETING, false]);
  });
});
