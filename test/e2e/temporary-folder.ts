import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Cleanup } from './cleanup.ts';

/** A folder that is gone after the test. */
export function temporaryFolder(test: Cleanup): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'ailingva-test-'));
  test.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
