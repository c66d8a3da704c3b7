import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createCallDesk, MediaNodes, watchEndRequests } from '../../src/media/index.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createSilentLogger } from '../../src/platform/log.ts';
import { encodeRoomNoise } from '../../src/testing/caller/opus-recording.ts';
import { TestCaller } from '../../src/testing/caller/test-caller.ts';
import { createScriptedSpeechToText } from '../../src/testing/engines/scripted-speech-to-text.ts';
import { createScriptedTextToSpeech } from '../../src/testing/engines/scripted-text-to-speech.ts';
import { createScriptedTutor } from '../../src/testing/engines/scripted-tutor.ts';
import { startTestMediaNode } from '../../src/testing/media-node.ts';
import { handOutBadges } from '../../src/testing/staff.ts';
import { insertLearner } from '../../src/testing/stored-learners.ts';
import { createTestDatabase } from '../../src/testing/test-database.ts';

it('a member of staff ends a call that lives on a media node', { timeout: 300_000 }, async (t) => {
  const { knex } = await createTestDatabase(t);
  const carrier = await startTestMediaNode(t, {
    engines: {
      speechToText: createScriptedSpeechToText(),
      tutor: createScriptedTutor({ answers: ['A greeting that takes some seconds to say, so that it is there.'] }),
      textToSpeech: createScriptedTextToSpeech(),
    },
  });
  const nodeId = carrier.path.split('/')[2] ?? '';
  const nodes = new MediaNodes(knex);
  await nodes.register({ id: nodeId, url: carrier.url, publicPath: carrier.path, capacity: 10 });
  const { callId, token } = carrier.place();
  await knex('calls').insert({
    id: callId,
    user_account_id: await insertLearner(knex),
    node_id: nodeId,
    language: 'en',
    level: 'beginner',
    status: 'live',
    live_at: new Date(),
  });
  const watch = watchEndRequests({
    knex,
    nodeId,
    end: async (id, reason) => assert.ok(await carrier.node.calls.end(id, reason), 'the call is here'),
    clock: systemClock,
    log: createSilentLogger(),
  });
  t.after(() => watch.close());
  const caller = await TestCaller.dial({
    url: carrier.url,
    path: carrier.path,
    token,
    media: true,
    background: encodeRoomNoise(1_000),
  });
  t.after(() => caller.close());
  await caller.hear(20);

  const { userId: actorId } = await handOutBadges(knex).hire('support');
  const desk = createCallDesk({
    knex,
    nodes,
    endHere: () => Promise.reject(new Error('the node carries it')),
  });
  await desk.end(callId, { actorId, ip: '192.0.2.1', reason: 'a test' });
  assert.equal((await carrier.ending(callId)).reason, 'ended_by_staff');
});
