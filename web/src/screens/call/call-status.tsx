import { useEffect, useState } from 'react';
import { useServices, useStore } from '../../app/services.ts';
import { readTime } from '../../call/call-state.ts';
import type { LiveCall } from '../../call/call-state.ts';
import type { ConnectionQuality } from '../../call/connection-quality.ts';
import { RecordingIcon, SignalIcon } from '../../components/icons.tsx';
import { useI18n } from '../../i18n/i18n.ts';

const barsOf: Readonly<Record<ConnectionQuality, 0 | 1 | 2 | 3>> = { unknown: 0, poor: 1, fair: 2, good: 3 };
/** From here on the seconds are shown, too. */
const SHOW_SECONDS_MS = 2 * 60_000;

/** Connection, talk time and what is left, in one line above the orb. */
export function CallStatus({ live }: { readonly live: LiveCall }) {
  const { call } = useServices();
  const { t, number, clock } = useI18n();
  const quality = useStore(call.quality);
  const bySocket = live.socket === 'on';
  const connection = t(bySocket ? 'call.quality.socket' : `call.quality.${quality}`);
  const { talkedMs, leftMs } = useRunningTime(live);
  const low = leftMs < SHOW_SECONDS_MS;
  return (
    <div className="status-line">
      <span
        className="status-quality"
        data-testid="connection"
        data-carrier={bySocket ? 'socket' : 'webrtc'}
        data-quality={bySocket ? 'fair' : quality}
        title={t(bySocket ? 'call.quality.socket_note' : `call.quality.${quality}`)}
      >
        <SignalIcon bars={bySocket ? 2 : barsOf[quality]} />
        <span className="status-quality-text">{connection}</span>
      </span>
      <span className="status-middle">
        <span className="status-time" role="timer" aria-label={t('call.time')} aria-live="off">
          {clock(talkedMs)}
        </span>
        <span aria-live="polite">
          {live.recording && (
            <span className="status-recording" data-testid="recording-now" title={t('call.recorded_note')}>
              <RecordingIcon size={14} />
              <span aria-hidden="true">{t('call.recorded')}</span>
              <span className="unseen">{t('call.recorded_note')}</span>
            </span>
          )}
        </span>
      </span>
      <span className="status-left" data-low={low ? true : undefined}>
        <strong data-testid="minutes-left" data-minutes={(leftMs / 60_000).toFixed(2)}>
          {low ? clock(leftMs) : number(Math.floor(leftMs / 60_000))}
        </strong>{' '}
        {t(low ? 'minutes.left_clock' : 'minutes.left_short')}
      </span>
    </div>
  );
}

function useRunningTime(live: LiveCall): { readonly talkedMs: number; readonly leftMs: number } {
  const [nowMs, setNowMs] = useState(() => performance.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(performance.now()), 250);
    return () => clearInterval(timer);
  }, []);
  return readTime(live, Math.max(nowMs, live.reading.atMs));
}
