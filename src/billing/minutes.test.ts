import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fc } from '../testing/properties.ts';
import { kopecksOf, formatRoubles, parseRoubles } from './money.ts';
import { countWholeMinutes, formatMinutes, minutesOf, minutesToJson, parseMinutes, wholeMinutes } from './minutes.ts';

const hundredths = fc.integer({ min: -999_999_999_999, max: 999_999_999_999 });

describe('minutes and money', () => {
  it('come back from the text that a column holds, exactly', () => {
    fc.assert(
      fc.property(hundredths, (value) => {
        assert.equal(parseMinutes(formatMinutes(minutesOf(value))), value);
        assert.equal(parseRoubles(formatRoubles(kopecksOf(value))), value);
      }),
    );
  });

  it('are JSON numbers with at most two decimals', () => {
    fc.assert(
      fc.property(hundredths, (value) => {
        assert.match(JSON.stringify(minutesToJson(minutesOf(value))), /^-?\d+(\.\d{1,2})?$/);
        assert.equal(Math.round(minutesToJson(minutesOf(value)) * 100), value);
      }),
    );
  });

  it('read every form PostgreSQL writes', () => {
    assert.equal(parseMinutes('0.00'), 0);
    assert.equal(parseMinutes('7'), 700);
    assert.equal(parseMinutes('7.5'), 750);
    assert.equal(parseMinutes('-0.05'), -5);
    assert.equal(formatMinutes(minutesOf(-5)), '-0.05');
  });

  for (const text of ['', 'NaN', 'Infinity', '1.234', '1e3', ' 1', '1.', '.5', '12345678901', '--1']) {
    it(`refuse the text "${text}"`, () => {
      assert.throws(() => parseMinutes(text), RangeError);
    });
  }

  for (const value of [0.5, Number.NaN, Number.POSITIVE_INFINITY, 1e12, 2 ** 53]) {
    it(`refuse the number ${value}`, () => {
      assert.throws(() => minutesOf(value), RangeError);
      assert.throws(() => kopecksOf(value), RangeError);
    });
  }

  it('count whole minutes downwards', () => {
    assert.equal(countWholeMinutes(minutesOf(199)), 1);
    assert.equal(countWholeMinutes(wholeMinutes(60)), 60);
    assert.throws(() => wholeMinutes(1.5), RangeError);
  });
});
