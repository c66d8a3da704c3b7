import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';

const PROGRAM = `
  import { existsSync, readFileSync } from 'node:fs';
  import { getPriority } from 'node:os';
  import { preferThisProcess } from ${JSON.stringify(path.join(import.meta.dirname, 'priority.ts'))};
  import { createSilentLogger } from ${JSON.stringify(path.join(import.meta.dirname, 'log.ts'))};
  // Empty in a session that is in no group: one that nobody opened since the system started, as a container's first one.
  const groupOf = () => existsSync('/proc/self/autogroup')
    ? /nice (-?\\d+)/.exec(readFileSync('/proc/self/autogroup', 'utf8'))?.[1] : undefined;
  const before = groupOf();
  preferThisProcess(createSilentLogger());
  console.log(JSON.stringify({ own: getPriority(), before, after: groupOf() }));
`;

interface Said {
  readonly own: number;
  readonly before?: string;
  readonly after?: string;
}

async function prefer(detached: boolean): Promise<Said> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM], {
    detached,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return JSON.parse(said) as Said;
}

describe('the process that runs before others', () => {
  it('is preferred with its session, as far as the system allows either', async () => {
    const { own, before, after } = await prefer(true);
    // Not root: nothing changes. Not grouped by session: there is nothing more to change.
    if (own === -11 && before !== undefined) assert.equal(after, '-11');
    else assert.equal(after, before);
  });

  it('leaves a session that is not its own as it is', async () => {
    const { before, after } = await prefer(false);
    assert.equal(after, before);
  });
});
