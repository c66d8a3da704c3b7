import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Router } from 'express';
import { z, type ZodType } from 'zod';
import { problemSchema } from './http/problem.ts';
import type { Route } from './http/route.ts';

/** OpenAPI 3.1, made from the very schemas that parse: https://spec.openapis.org/oas/v3.1.1 */

type Json = Record<string, unknown>;

export interface OpenApiOptions {
  readonly title: string;
  readonly version: string;
  readonly routes: readonly Route[];
}

export function describeApi({ title, version, routes }: OpenApiOptions): Json {
  const components: Json = {};
  const schemaOf = (schema: ZodType, io: 'input' | 'output') => toSchema(schema, io, components);
  const problem = { 'application/problem+json': { schema: schemaOf(problemSchema, 'output') } };
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const operations = (paths[route.path] ??= {});
    operations[route.method] = describeRoute(route, schemaOf, problem);
  }
  return {
    openapi: '3.1.1',
    info: { title, version, description: 'Decide by the `code` of a problem, never by its text.' },
    paths,
    components: {
      schemas: components,
      securitySchemes: { token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    },
  };
}

function describeRoute(route: Route, schemaOf: (schema: ZodType, io: 'input' | 'output') => Json, problem: Json): Json {
  const status = route.status ?? 200;
  const parameters = [
    ...parametersOf('path', route.params && schemaOf(route.params, 'input')),
    ...parametersOf('query', route.query && schemaOf(route.query, 'input')),
    ...(route.formats === undefined ? [] : [formatParameter(Object.keys(route.formats))]),
    ...(route.idempotency === undefined ? [] : [idempotencyParameter(route.idempotency === 'required')]),
  ];
  const codes = route.errors ?? [];
  const roles = Array.isArray(route.access) ? `Roles: ${route.access.join(', ')}.` : undefined;
  const description = [route.description, roles].filter((text) => text !== undefined).join('\n\n');
  return {
    operationId: operationId(route),
    summary: route.summary,
    ...(description !== '' && { description }),
    tags: [route.tag],
    security: route.access === 'public' ? [] : [{ token: [] }],
    ...(parameters.length > 0 && { parameters }),
    ...(route.body && {
      requestBody: { required: true, content: { 'application/json': { schema: schemaOf(route.body, 'input') } } },
    }),
    ...(route.stream && { requestBody: { required: true, content: binary(route.stream.takes) } }),
    responses: {
      [status]: {
        description: 'Done',
        ...(status !== 204 && {
          content: route.stream ? binary(route.stream.gives) : contentOf(route, schemaOf(route.answer, 'output')),
        }),
      },
      default: {
        description: codes.length === 0 ? 'A problem' : `A problem. Codes of this route: ${codes.join(', ')}`,
        content: problem,
      },
    },
  };
}

/** `get /api/calls/{id}` → `get_calls_id`. */
function operationId({ method, path: address }: Route): string {
  const words = address.split('/').filter((word) => word !== '' && word !== 'api');
  return [method, ...words.map((word) => word.replaceAll(/[^a-z0-9]+/gi, ''))].join('_');
}

function parametersOf(place: 'path' | 'query', schema: Json | undefined): Json[] {
  const properties = z.record(z.string(), z.looseObject({})).parse(schema?.['properties'] ?? {});
  const required = new Set(z.array(z.string()).parse(schema?.['required'] ?? []));
  return Object.entries(properties).map(([name, { description, ...property }]) => ({
    name,
    in: place,
    required: place === 'path' || required.has(name),
    // JSON has no undefined: without a description there is no such member.
    description,
    schema: property,
  }));
}

function contentOf(route: Route, schema: Json): Json {
  const others = Object.values(route.formats ?? {}).map(({ mediaType }) => [mediaType, { schema: { type: 'string' } }]);
  return { 'application/json': { schema }, ...Object.fromEntries(others) };
}

function binary(mediaTypes: readonly string[]): Json {
  return Object.fromEntries(mediaTypes.map((type) => [type, { schema: { type: 'string', format: 'binary' } }]));
}

function formatParameter(names: readonly string[]): Json {
  return {
    name: 'format',
    in: 'query',
    required: false,
    description: 'Wins over `Accept`',
    schema: { type: 'string', enum: ['json', ...names] },
  };
}

function idempotencyParameter(required: boolean): Json {
  return {
    name: 'Idempotency-Key',
    in: 'header',
    required,
    description: 'A new value for each new request, the same value when one is repeated',
    schema: { type: 'string', minLength: 1, maxLength: 128 },
  };
}

/** Schemas with an id (`.meta({ id })`) are lifted to the components, where each is written once. */
function toSchema(schema: ZodType, io: 'input' | 'output', components: Json): Json {
  const text = JSON.stringify(z.toJSONSchema(schema, { target: 'draft-2020-12', io }));
  const {
    $schema: _dialect,
    $defs: definitions,
    ...own
  } = z
    .looseObject({ $defs: z.record(z.string(), z.looseObject({})).optional() })
    .parse(JSON.parse(text.replaceAll('"#/$defs/', '"#/components/schemas/')));
  for (const [name, definition] of Object.entries(definitions ?? {})) components[name] = withoutId(definition);
  if (typeof own['id'] !== 'string') return own;
  components[own['id']] = withoutId(own);
  return { $ref: `#/components/schemas/${own['id']}` };
}

function withoutId({ id: _id, ...schema }: Json): Json {
  return schema;
}

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width" />
    <title>API</title>
    <link rel="stylesheet" href="swagger-ui.css" />
  </head>
  <body>
    <div id="api"></div>
    <script src="swagger-ui-bundle.js"></script>
    <script src="start.js"></script>
  </body>
</html>
`;

const SCRIPT = `SwaggerUIBundle({ url: '../openapi.json', dom_id: '#api', deepLinking: true, validatorUrl: null });\n`;

/** `/api/openapi.json`, and `/api/docs/`: the same for people. Nothing comes from another host. */
export function serveApiDescription(options: OpenApiOptions): Router {
  const router = Router({ strict: true });
  const description = JSON.stringify(describeApi(options));
  const files = path.dirname(fileURLToPath(import.meta.resolve('swagger-ui-dist/package.json')));
  router.get('/api/openapi.json', (_request, response) => {
    response.type('json').send(description);
  });
  router.get('/api/docs', (_request, response) => response.redirect(308, '/api/docs/'));
  router.get('/api/docs/', (_request, response) => {
    response.type('html').send(PAGE);
  });
  router.get('/api/docs/start.js', (_request, response) => {
    response.type('js').send(SCRIPT);
  });
  for (const name of ['swagger-ui.css', 'swagger-ui-bundle.js']) {
    router.get(`/api/docs/${name}`, (_request, response) => {
      response.sendFile(path.join(files, name), { maxAge: '1d' });
    });
  }
  return router;
}
