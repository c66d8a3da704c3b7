import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { z } from 'zod';
import { createHttpApp, defineRoute, listen } from './http.ts';
import { createSilentLogger } from './log.ts';
import { createMetrics } from './metrics.ts';
import { describeApi, serveApiDescription } from './openapi.ts';

const word = z.object({ text: z.string(), mark: z.enum(['right', 'wrong']) }).meta({ id: 'Word' });

const routes = [
  defineRoute({
    method: 'get',
    path: '/api/calls/{id}/words',
    summary: 'The words of a call',
    tag: 'calls',
    access: 'user',
    params: z.object({ id: z.uuid() }),
    query: z.object({
      limit: z.coerce.number().int().max(100).default(20).describe('How many'),
      cursor: z.string().optional(),
    }),
    answer: z.object({ words: z.array(word), first: word.nullable() }),
    errors: ['call_not_found'],
    handle: async () => ({ words: [], first: null }),
  }),
  defineRoute({
    method: 'delete',
    path: '/api/calls/{id}/words',
    summary: 'Forget them',
    tag: 'calls',
    access: ['admin'],
    params: z.object({ id: z.uuid() }),
    answer: z.null(),
    status: 204,
    idempotency: 'required',
    handle: async () => null,
  }),
];

const described = z.object({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.looseObject({
        parameters: z.array(z.looseObject({})),
        security: z.array(z.unknown()),
        responses: z.record(z.string(), z.looseObject({})),
      }),
    ),
  ),
  components: z.looseObject({ schemas: z.record(z.string(), z.looseObject({})) }),
});

test('every route is described, with what it takes and answers', () => {
  const { paths, components } = described.parse(describeApi({ title: 'Test', version: '1', routes }));
  const { get, delete: remove } = paths['/api/calls/{id}/words'] ?? {};
  assert.deepEqual(
    get?.parameters.map(({ name, in: place, required }) => [name, place, required]),
    [
      ['id', 'path', true],
      ['limit', 'query', false],
      ['cursor', 'query', false],
    ],
  );
  assert.deepEqual(get?.security, [{ token: [] }]);
  assert.match(JSON.stringify(get?.responses['default']), /call_not_found.*components\/schemas\/Problem/);
  assert.equal(remove?.responses['204']?.['content'], undefined);
  assert.ok(remove?.parameters.some(({ name, required }) => name === 'Idempotency-Key' && required === true));
  assert.deepEqual(Object.keys(components.schemas).toSorted(), ['Problem', 'Word']);
});

test('its schemas are valid JSON Schema 2020-12, and every reference leads somewhere', () => {
  const description = describeApi({ title: 'Test', version: '1', routes });
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema({ $id: 'api', ...description });
  const references = [...JSON.stringify(description).matchAll(/"\$ref":"(#[^"]+)"/g)].map(([, reference]) => reference);
  assert.ok(references.length > 0);
  for (const reference of references) assert.ok(ajv.getSchema(`api${reference}`), reference);
  for (const schema of schemasIn(description)) assert.equal(ajv.validateSchema(schema), true, JSON.stringify(schema));
});

/** Every member named `schema`, at any depth. */
function schemasIn(value: unknown): object[] {
  const found: object[] = [];
  JSON.stringify(value, (key, inner: unknown) => {
    if (key === 'schema' && typeof inner === 'object' && inner !== null) found.push(inner);
    return inner;
  });
  return found;
}

test('the description and its page are served from our own host alone', async (t) => {
  const app = createHttpApp({
    routes: [],
    log: createSilentLogger(),
    metrics: createMetrics('test'),
    publicUrl: 'http://localhost',
    middleware: [serveApiDescription({ title: 'Test', version: '1', routes })],
  });
  const server = await listen({ app, host: '127.0.0.1', port: 0, graceMs: 0 });
  t.after(() => server.close());
  const description = described.parse(await (await fetch(`${server.url}/api/openapi.json`)).json());
  assert.deepEqual(Object.keys(description.paths), ['/api/calls/{id}/words']);
  const docs = await fetch(`${server.url}/api/docs`);
  assert.equal(new URL(docs.url).pathname, '/api/docs/');
  const page = await docs.text();
  assert.doesNotMatch(page, /https?:/);
  for (const [, file] of page.matchAll(/(?:src|href)="([^"]+)"/g)) {
    const asset = await fetch(`${server.url}/api/docs/${file}`);
    assert.equal(asset.status, 200, file);
    await asset.body?.cancel();
  }
});
