import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { z } from 'zod';
import { createHttpApp, defineRoute, listen } from '../http.ts';
import { createSilentLogger } from '../log.ts';
import { createMetrics } from '../metrics.ts';
import { describeApi } from '../openapi.ts';

const statement = defineRoute({
  method: 'get',
  path: '/api/statement',
  summary: '',
  tag: 'test',
  access: 'public',
  query: z.strictObject({ year: z.coerce.number().int().default(2026) }),
  answer: z.object({ year: z.number(), languages: z.array(z.string()) }),
  formats: {
    csv: {
      mediaType: 'text/csv',
      fileName: ({ year }) => `statement-${year}.csv`,
      write: ({ year }) => `год\r\n${year}\r\n`,
    },
  },
  handle: async ({ query, languages }) => ({ year: query.year, languages: [...languages] }),
});

async function serve(t: TestContext) {
  const app = createHttpApp({
    routes: [statement],
    log: createSilentLogger(),
    metrics: createMetrics('test'),
    publicUrl: 'https://ailingva.example',
    checkAnswers: true,
  });
  const server = await listen({ app, host: '127.0.0.1', port: 0, graceMs: 0 });
  t.after(() => server.close());
  return (query: string, headers: Record<string, string> = {}) =>
    fetch(`${server.url}/api/statement${query}`, { headers, signal: AbortSignal.timeout(60_000) });
}

test('an answer has the form that the address asks for, else the one that the header asks for, else JSON', async (t) => {
  const ask = await serve(t);
  const csv = { accept: 'text/csv' };
  const forms: [query: string, headers: Record<string, string>, type: RegExp][] = [
    ['', {}, /^application\/json/],
    ['', { accept: 'text/html, */*;q=0.1' }, /^application\/json/],
    ['', { accept: 'image/png' }, /^application\/json/],
    ['', csv, /^text\/csv; charset=utf-8$/],
    ['?format=csv', {}, /^text\/csv; charset=utf-8$/],
    ['?format=json', csv, /^application\/json/],
  ];
  for (const [query, headers, type] of forms) {
    const response = await ask(query, headers);
    assert.equal(response.status, 200);
    assert.match(response.headers.get('content-type') ?? '', type, `${query} ${headers['accept']}`);
    assert.match(response.headers.get('vary') ?? '', /accept/i);
    assert.equal(response.headers.get('cache-control'), 'no-store');
    await response.arrayBuffer();
  }
});

test('a file has its name and its text', async (t) => {
  const ask = await serve(t);
  const response = await ask('?year=2025&format=csv');
  assert.equal(response.headers.get('content-disposition'), 'attachment; filename=statement-2025.csv');
  assert.equal(await response.text(), 'год\r\n2025\r\n');
});

test('a form that there is not is refused, and a problem is never a file', async (t) => {
  const ask = await serve(t);
  for (const query of ['?format=xml', '?format=toString', '?format=csv&format=csv', '?format=csv&year=x']) {
    const response = await ask(query, { accept: 'text/csv' });
    assert.equal(response.status, 400, query);
    assert.match(response.headers.get('content-type') ?? '', /^application\/problem\+json/);
    assert.equal(response.headers.get('content-disposition'), null);
    assert.equal(z.object({ code: z.string() }).parse(await response.json()).code, 'request_invalid');
  }
});

test('the languages that the header asks for reach the handler in their order', async (t) => {
  const ask = await serve(t);
  const response = await ask('', { 'accept-language': 'en;q=0.5, ru-RU' });
  assert.deepEqual(await response.json(), { year: 2026, languages: ['ru-RU', 'en'] });
});

test('the forms are described', () => {
  const description = JSON.stringify(describeApi({ title: 'Test', version: '1', routes: [statement] }));
  assert.match(description, /"text\/csv":\{"schema":\{"type":"string"\}\}/);
  assert.match(description, /"name":"format","in":"query","required":false/);
});
