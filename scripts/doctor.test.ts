import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it } from 'node:test';
import { opusInUse } from './doctor.ts';
import { opusAddon, placeOf } from './place.ts';

describe('the doctor says which Opus a call would get', () => {
  it('our own, where the addon is made and loads', async () => {
    const addon = process.env['OPUS_ADDON'] || opusAddon(placeOf(path.resolve(import.meta.dirname, '..')));
    const { state, detail } = await opusInUse(addon);
    assert.equal(state, 'here');
    assert.match(detail, /^libopus .*addon/);
  });

  it('the other one, and what it costs, where there is none or it is no addon', async () => {
    for (const addon of [undefined, '/nowhere/opus.node', import.meta.filename]) {
      const { state, detail, bring } = await opusInUse(addon);
      assert.deepEqual([state, bring], ['optional', './ailingva setup opus']);
      assert.match(detail, /@evan\/opus: .*lost packets/);
    }
  });
});
