import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../platform/clock.ts';

/** As long as somebody may want to listen without loading the page again. */
const LIFETIME_SEC = 6 * 3_600;

export interface RecordingPasses {
  /** For one part of one call's recording; a link with it can be given to an `<audio>`, which sends no headers. */
  issue(callId: string, part: number): string;
  isGood(pass: string, callId: string, part: number): boolean;
}

/** Passes that carry their own end: `<seconds since 1970>.<HMAC-SHA256>`. */
export function createRecordingPasses({
  secret,
  clock,
}: {
  readonly secret: string;
  readonly clock: Clock;
}): RecordingPasses {
  const key = createHmac('sha256', secret).update('recordings').digest();
  const sign = (callId: string, part: number, until: number) =>
    createHmac('sha256', key).update(`${callId} ${part} ${until}`).digest('base64url');
  const nowSec = () => Math.floor(clock.now().getTime() / 1_000);
  return {
    issue(callId, part) {
      const until = nowSec() + LIFETIME_SEC;
      return `${until}.${sign(callId, part, until)}`;
    },
    isGood(pass, callId, part) {
      const [, until, signature] = /^(\d{1,12})\.([\w-]{43})$/.exec(pass) ?? [];
      if (until === undefined || signature === undefined || Number(until) < nowSec()) return false;
      return timingSafeEqual(Buffer.from(signature), Buffer.from(sign(callId, part, Number(until))));
    },
  };
}
