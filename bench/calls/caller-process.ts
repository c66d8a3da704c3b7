import { readFile } from 'node:fs/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { FrameClock } from '../../src/testing/caller/frame-clock.ts';
import { encodeRoomNoise, unpackFrames } from '../../src/testing/caller/opus-recording.ts';
import { Conversation } from './conversation.ts';
import type { CallerStart, FromCallers, ToCallers } from './messages.ts';
import { sum } from './percentiles.ts';

/** Some of the callers, in a process of their own. Does what its parent says, and ends when its parent does. */

const LOOP_RESOLUTION_MS = 10;

const recording = unpackFrames(await readFile(new URL('voice.opus-frames', import.meta.url)));
const background = encodeRoomNoise(2_000);
const frameClock = new FrameClock();
const loopDelay = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
const conversations: Conversation[] = [];

function tell(message: FromCallers): void {
  process.send?.(message);
}

async function start({ url, invitations, concurrency }: CallerStart): Promise<void> {
  const waiting = [...invitations];
  const firstPacketMs: number[] = [];
  const connectedMs: number[] = [];
  const failures: string[] = [];
  const takeNext = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const conversation = new Conversation({ url, ...next, frameClock, recording, background });
      try {
        const times = await conversation.start();
        conversations.push(conversation);
        firstPacketMs.push(times.firstPacketMs);
        connectedMs.push(times.connectedMs);
      } catch (error) {
        failures.push(error instanceof Error ? error.message : String(error));
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, takeNext));
  tell({ type: 'ready', firstPacketMs, connectedMs, failures });
}

function begin(): void {
  for (const conversation of conversations) conversation.beginMeasuring();
  loopDelay.enable();
  loopDelay.reset();
}

function end(): void {
  loopDelay.disable();
  const measured = conversations.map((conversation) => conversation.measured());
  tell({
    type: 'measured',
    gridDistancesMs: measured.flatMap(({ gridDistancesMs }) => gridDistancesMs),
    packetsReceived: sum(measured.map(({ packetsReceived }) => packetsReceived)),
    packetsLost: sum(measured.map(({ packetsLost }) => packetsLost)),
    packetsSent: sum(measured.map(({ packetsSent }) => packetsSent)),
    answered: sum(measured.map(({ answered }) => answered)),
    unanswered: sum(measured.map(({ unanswered }) => unanswered)),
    loopDelayP99Ms: loopDelay.percentile(99) / 1e6 - LOOP_RESOLUTION_MS,
  });
}

async function hangUp(): Promise<void> {
  const ended = await Promise.all(conversations.map((conversation) => conversation.hangUp()));
  tell({ type: 'done', ended: ended.filter(Boolean).length });
}

process.on('message', (message: ToCallers) => {
  if (message.type === 'start') void start(message);
  else if (message.type === 'begin') begin();
  else if (message.type === 'end') end();
  else void hangUp();
});
process.once('disconnect', () => process.exit(0));
