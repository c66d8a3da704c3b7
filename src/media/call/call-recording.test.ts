import assert from 'node:assert/strict';
import { it } from 'node:test';
import { captureLog } from '../../testing/yandex/captured-log.ts';
import { CallRecording } from './call-recording.ts';

it('lets a call go on without a recording that cannot be begun, and says so', async () => {
  const { log, lines } = captureLog();
  const recording = new CallRecording({
    voice: { recordBy: () => assert.fail('There is nothing to record by') },
    log,
    begin: () => Promise.reject(new Error('The store is gone')),
    onChanged: () => assert.fail('It was never on'),
  });
  recording.begin();
  await recording.close();
  assert.equal(recording.on, false);
  assert.match(
    JSON.stringify(lines),
    /could not be recorded.*The store is gone|The store is gone.*could not be recorded/,
  );
});
