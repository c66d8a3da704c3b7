import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeCsv } from './csv.ts';

const body = (field: string | number | null): string => writeCsv(['a'], [[field]]).slice('\u{FEFF}a\r\n'.length);

test('a table begins with a byte order mark and ends every line with CRLF', () => {
  assert.equal(writeCsv(['a', 'b'], [[1, 'два']]), '\u{FEFF}a,b\r\n1,два\r\n');
  assert.equal(writeCsv(['a'], []), '\u{FEFF}a\r\n');
});

test('what would end a field is quoted', () => {
  assert.equal(body('a,b'), '"a,b"\r\n');
  assert.equal(body('say "hi"'), '"say ""hi"""\r\n');
  assert.equal(body('one\ntwo'), '"one\ntwo"\r\n');
  assert.equal(body(null), '\r\n');
});

test('no text is a formula', () => {
  for (const text of ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '＝1']) {
    assert.match(body(text), /^"?'/, JSON.stringify(text));
  }
  assert.equal(body('=HYPERLINK("http://x","y")'), `"'=HYPERLINK(""http://x"",""y"")"\r\n`);
  assert.equal(body(-1.5), '-1.5\r\n');
});
