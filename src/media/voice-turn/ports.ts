import type { CallMeter, MeterReading } from '../call/ports.ts';

/** What conversations in turns need of billing besides a call's meter. */
export interface TurnMeter extends CallMeter {
  /**
   * Sets aside what talk up to `coverMs` needs, as far as the balance goes; no talk has happened by that.
   * @throws AppError `call_not_found`, `call_ended`, `call_on_other_node`
   */
  reserve(callId: string, coverMs: number): Promise<MeterReading>;
}
