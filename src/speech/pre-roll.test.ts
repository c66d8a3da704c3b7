import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fc } from '../testing/properties.ts';

import { PreRoll } from './pre-roll.ts';

function drained(preRoll: PreRoll, frames: number): number[] {
  const values: number[] = [];
  preRoll.drain(frames, (frame) => values.push(...frame));
  return values;
}

test('keeps the last frames, oldest first, whatever was pushed and drained before', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.constant('push' as const), fc.nat(8)), { maxLength: 60 }), (steps) => {
      const preRoll = new PreRoll({ frames: 5, frameSamples: 2 });
      const lent = new Int16Array(2);
      let kept: number[][] = [];
      let next = 0;
      for (const step of steps) {
        if (step === 'push') {
          const values = [++next, -next];
          lent.set(values);
          preRoll.push(lent);
          kept = [...kept, values].slice(-5);
        } else {
          assert.deepEqual(drained(preRoll, step), kept.slice(kept.length - Math.min(step, kept.length)).flat());
          kept = [];
        }
      }
    }),
  );
});
