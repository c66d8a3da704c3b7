import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';

const checkout = path.resolve(import.meta.dirname, '../..');

/** A file, one import in it, and whether the floors allow it. */
const imports: readonly [file: string, specifier: string, allowed: boolean][] = [
  ['src/platform/thing.ts', '../accounts/index.ts', false],
  ['src/platform/http/thing.ts', '../../billing/index.ts', false],
  ['src/platform/http/thing.ts', '../errors.ts', true],
  ['src/accounts/thing.ts', '../platform/errors.ts', true],
  ['src/accounts/thing.ts', '../billing/index.ts', false],
  ['src/billing/thing.ts', '../accounts/index.ts', true],
  ['src/billing/thing.ts', '../accounts/tokens.ts', false],
  ['src/billing/thing.ts', '../media/index.ts', false],
  ['src/speech/local/thing.ts', '../../media/protocol.ts', false],
  ['src/media/thing.ts', '../speech/engine.ts', true],
  ['src/media/thing.ts', '../speech/registry.ts', false],
  ['src/media/thing.ts', '../billing/index.ts', false],
  ['src/media/audio/thing.ts', '../sfu/tap.ts', false],
  ['src/media/sfu/thing.ts', '../audio/speaker.ts', false],
  ['src/media/audio/thing.ts', '../call/call.ts', false],
  ['src/media/call/thing.ts', '../audio/speaker.ts', true],
  ['src/media/call/thing.ts', '../signaling/server.ts', false],
  ['src/media/signaling/thing.ts', '../call/call-port.ts', true],
  ['src/media/signaling/thing.ts', '../call/call.ts', false],
  ['src/media/call/thing.ts', 'mediasoup', false],
  ['src/media/sfu/thing.ts', 'mediasoup/types', true],
  ['src/analytics/thing.ts', '../platform/errors.ts', true],
  ['src/analytics/thing.ts', '../accounts/index.ts', true],
  ['src/analytics/thing.ts', '../billing/index.ts', false],
  ['src/analytics/thing.ts', '../jobs/index.ts', false],
  ['src/jobs/thing.ts', '../platform/errors.ts', true],
  ['src/jobs/thing.ts', '../billing/index.ts', true],
  ['src/jobs/thing.ts', '../billing/sweep.ts', false],
  ['src/jobs/thing.ts', '../media/index.ts', true],
  ['src/jobs/thing.ts', '../media/call-store.ts', false],
  ['src/jobs/thing.ts', '../speech/index.ts', false],
  ['src/jobs/thing.ts', '../admin/index.ts', false],
  ['src/admin/thing.ts', '../jobs/index.ts', true],
  ['src/admin/thing.ts', '../jobs/queues.ts', false],
  ['src/admin/thing.ts', '../analytics/index.ts', true],
  ['src/admin/pages/thing.ts', '../../analytics/revenue.ts', false],
  ['src/admin/thing.ts', '../speech/index.ts', true],
  ['src/admin/thing.ts', '../speech/instructions/index.ts', true],
  ['src/admin/thing.ts', '../speech/registry.ts', false],
  ['src/admin/thing.ts', '../app/web.ts', false],
  ['src/billing/thing.ts', '../analytics/index.ts', false],
  ['src/billing/thing.ts', '../jobs/index.ts', false],
  ['src/media/thing.ts', '../jobs/index.ts', false],
  ['src/accounts/thing.ts', '../admin/index.ts', false],
  ['src/platform/thing.ts', '../jobs/index.ts', false],
  ['src/jobs/thing.ts', 'bullmq', true],
  ['src/jobs/thing.ts', '@bull-board/api', true],
  ['src/admin/thing.ts', 'bullmq', false],
  ['src/app/thing.ts', 'bullmq', false],
  ['src/app/thing.ts', '../jobs/index.ts', true],
  ['src/app/thing.ts', '../testing/fake-clock.ts', false],
  ['src/speech/openai/thing.ts', '../../billing/index.ts', false],
  ['src/media/recording/thing.ts', '../../billing/index.ts', false],
  ['src/jobs/thing.ts', 'ioredis', true],
  ['src/platform/redis.ts', 'ioredis', true],
  ['src/platform/redis.ts', 'bullmq', false],
  ['src/platform/redis.ts', '../billing/index.ts', false],
  ['src/platform/thing.ts', 'ioredis', false],
  ['src/admin/thing.ts', '@adminjs/express', true],
  ['src/jobs/thing.ts', 'adminjs', false],
  ['src/speech/openai/thing.ts', 'openai/resources', true],
  ['src/speech/yandex/thing.ts', 'openai', false],
  ['src/speech/yandex/thing.ts', '@yandex-cloud/nodejs-sdk', true],
  ['src/speech/thing.ts', '@grpc/grpc-js', false],
  ['src/media/transcoding/thing.ts', 'fluent-ffmpeg', true],
  ['src/media/thing.ts', 'fluent-ffmpeg', false],
  ['src/media/recording/thing.ts', '@aws-sdk/client-s3', true],
  ['src/billing/thing.ts', '../testing/fake-clock.ts', false],
  ['src/billing/thing.test.ts', '../testing/fake-clock.ts', true],
];

describe('import rules', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'ailingva-lint-'));
    copyFileSync(path.join(checkout, 'oxlint.config.ts'), path.join(folder, 'oxlint.config.ts'));
    copyFileSync(path.join(checkout, 'package.json'), path.join(folder, 'package.json'));
    symlinkSync(path.join(checkout, 'node_modules'), path.join(folder, 'node_modules'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const [file, specifier, allowed] of imports) {
    it(`${allowed ? 'lets' : 'does not let'} ${file} import ${specifier}`, () => {
      const target = path.join(folder, file);
      mkdirSync(path.dirname(target), { recursive: true });
      writeFileSync(target, `export * from '${specifier}';\n`);
      const program = path.join(checkout, 'node_modules/oxlint/bin/oxlint');
      const run = spawnSync(process.execPath, [program, '--deny-warnings', file], { cwd: folder, encoding: 'utf8' });
      rmSync(target);
      assert.equal(run.status === 0, allowed, run.stdout);
      if (!allowed) assert.match(run.stdout, /no-restricted-imports/);
    });
  }
});
