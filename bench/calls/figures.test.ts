import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseCallEnd, sumOfEnds } from './call-ends.ts';
import { ArrivalGrid } from './grid.ts';
import { boundOfShare, bucketsBetween, parseMetrics, valueOf } from './metrics-text.ts';
import { percentile } from './percentiles.ts';

describe('the figures of the benchmark', () => {
  it('take percentiles by the nearest rank', () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    assert.equal(percentile(values, 0.5), 50);
    assert.equal(percentile(values, 0.99), 99);
    assert.equal(percentile(values, 1), 100);
    assert.equal(percentile([7], 0.01), 7);
    assert.ok(Number.isNaN(percentile([], 0.5)));
  });

  it('read what a histogram has counted between two readings', () => {
    const before = parseMetrics(
      'late_bucket{le="0.005",p="m"} 10\nlate_bucket{le="0.01"} 12\nlate_bucket{le="+Inf"} 12\n',
    );
    const after = parseMetrics(
      '# HELP late x\nlate_bucket{le="0.005"} 108\nlate_bucket{le="0.01"} 111\nlate_bucket{le="+Inf"} 112\n',
    );
    const buckets = bucketsBetween(before, after, 'late');
    assert.deepEqual(buckets, [
      { upTo: 0.005, count: 98 },
      { upTo: 0.01, count: 1 },
      { upTo: Number.POSITIVE_INFINITY, count: 1 },
    ]);
    assert.equal(boundOfShare(buckets, 0.5), 0.005);
    assert.equal(boundOfShare(buckets, 0.99), 0.01);
    assert.equal(boundOfShare(buckets, 1), Number.POSITIVE_INFINITY);
    assert.equal(valueOf(parseMetrics('a{x="1"} 2\na{x="2"} 3\nab 9\n'), 'a'), 5);
  });

  it('measure how far from the 20 ms grid packets come, through silence and the wrap-around of the clock', () => {
    const grid = new ArrivalGrid();
    const start = 0xffff_ffff - 960;
    const slots = [0, 1, 2, 3, 100, 101, 102];
    const latenessMs = [0, 0, 3, 0, 0, -2, 0];
    slots.forEach((slot, index) => {
      grid.add((start + slot * 960) >>> 0, 5_000 + slot * 20 + (latenessMs[index] ?? 0));
    });
    assert.deepEqual(grid.distancesMs(), [0, 0, 3, 0, 0, 2, 0]);
  });

  it('find the ends of calls among the lines of a log', () => {
    const microphone = { packetsLost: 2, framesConcealed: 1, framesEmitted: 50 };
    const line = JSON.stringify({
      msg: 'A call ended',
      media: { microphone, speaker: { packetsSent: 9, underruns: 1 } },
    });
    const end = parseCallEnd(line);
    assert.ok(end);
    assert.equal(parseCallEnd('A call ended, said somebody else'), undefined);
    assert.equal(parseCallEnd(JSON.stringify({ msg: 'Something else' })), undefined);
    assert.deepEqual(sumOfEnds([end, end]), {
      packetsLost: 4,
      packetsLate: 0,
      framesEmitted: 100,
      framesRecovered: 0,
      framesConcealed: 2,
      underruns: 2,
    });
  });
});
