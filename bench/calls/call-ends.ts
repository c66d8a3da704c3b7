import { z } from 'zod';
import { sum } from './percentiles.ts';

const count = z.number().default(0);
const callEnd = z.object({
  msg: z.literal('A call ended'),
  media: z.object({
    microphone: z.object({
      packetsReceived: count,
      packetsLost: count,
      packetsLate: count,
      framesEmitted: count,
      framesRecovered: count,
      framesConcealed: count,
    }),
    speaker: z.object({ packetsSent: count, underruns: count }),
  }),
});

export type CallEnd = z.infer<typeof callEnd>['media'];

/** What a line of the media process's log says of a call's end, if it is one. */
export function parseCallEnd(line: string): CallEnd | undefined {
  if (!line.includes('A call ended')) return undefined;
  try {
    return callEnd.safeParse(JSON.parse(line)).data?.media;
  } catch {
    return undefined;
  }
}

/** Of all calls, over their whole life. */
export function sumOfEnds(ends: readonly CallEnd[]) {
  const microphone = (read: (stats: CallEnd['microphone']) => number) => sum(ends.map((end) => read(end.microphone)));
  return {
    packetsLost: microphone(({ packetsLost }) => packetsLost),
    packetsLate: microphone(({ packetsLate }) => packetsLate),
    framesEmitted: microphone(({ framesEmitted }) => framesEmitted),
    framesRecovered: microphone(({ framesRecovered }) => framesRecovered),
    framesConcealed: microphone(({ framesConcealed }) => framesConcealed),
    underruns: sum(ends.map(({ speaker }) => speaker.underruns)),
  };
}
