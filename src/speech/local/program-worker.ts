import { spawn, type ChildProcess } from 'node:child_process';
import { parentPort } from 'node:worker_threads';

import type { ProgramAnswer, ProgramMessage, ProgramRun } from './program-messages.ts';

/** The other thread of `ProgramRunner`: starts programs and passes on what they write. */

/** Kept of what a program says of its errors. */
const MAX_DETAIL_CHARACTERS = 500;

const running = new Map<number, ChildProcess>();

function answer(message: ProgramAnswer): void {
  if (message.type === 'output') parentPort?.postMessage(message, [message.bytes.buffer as ArrayBuffer]);
  else parentPort?.postMessage(message);
}

function start(id: number, run: ProgramRun): void {
  const child = spawn(run.program, run.args, { stdio: ['pipe', 'pipe', 'pipe'] });
  running.set(id, child);
  let detail = '';
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, run.deadlineMs);

  const finish = (message: ProgramAnswer): void => {
    clearTimeout(timer);
    if (running.delete(id)) answer(message);
  };
  child.stdout.on('data', (chunk: Buffer) => {
    // A copy: Node's buffers share one pool, which must not be transferred away.
    if (running.has(id)) answer({ type: 'output', id, bytes: new Uint8Array(chunk) });
  });
  child.stderr.on('data', (chunk: Buffer) => {
    if (detail.length < MAX_DETAIL_CHARACTERS) detail = (detail + chunk.toString()).slice(0, MAX_DETAIL_CHARACTERS);
  });
  // A program that ends without reading its input is judged by its status.
  child.stdin.on('error', () => undefined);
  child.on('error', (error: NodeJS.ErrnoException) => {
    finish({ type: 'failed', id, reason: error.code === 'ENOENT' ? 'missing' : 'failed', detail: error.message });
  });
  child.on('close', (status, signal) => {
    if (late) finish({ type: 'failed', id, reason: 'timed_out', detail: `not done in ${run.deadlineMs} ms` });
    else if (status === 0) finish({ type: 'done', id });
    else {
      finish({
        type: 'failed',
        id,
        reason: 'failed',
        detail: `${run.program} ended with ${signal ?? status}: ${detail}`,
      });
    }
  });
  child.stdin.end(run.input);
}

function kill(id: number): void {
  const child = running.get(id);
  running.delete(id);
  child?.kill('SIGKILL');
}

parentPort?.on('message', (message: ProgramMessage) => {
  if (message.type === 'run') start(message.id, message.run);
  else if (message.type === 'kill') kill(message.id);
  else {
    for (const id of running.keys()) kill(id);
    parentPort?.close();
  }
});
