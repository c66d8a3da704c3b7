import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { madeAt } from './called.ts';

describe('what records without a name are called by', () => {
  it('is when they were made, which their ids tell', () => {
    // The example of RFC 9562, appendix A.6: Tuesday, February 22, 2022 2:22:22.00 PM GMT-05:00.
    assert.equal(madeAt('017F22E2-79B0-7CC3-98C4-DC0C0C07398F'), '2022-02-22T19:22:22.000Z');
  });

  it('is nothing where an id tells no time', () => {
    assert.equal(madeAt('919108f7-52d1-4320-9bac-f847db4148a8'), undefined);
    assert.equal(madeAt('media-0'), undefined);
  });
});
