import { useEffect, useState } from 'react';
import { useServices, useStore } from '../../app/services.ts';
import { shownPhase } from '../../call/call-state.ts';
import type { LiveCall } from '../../call/call-state.ts';
import { ChevronIcon, HangUpIcon, MicrophoneIcon, MicrophoneOffIcon, SlidersIcon } from '../../components/icons.tsx';
import { PageTitle } from '../../components/page-title.tsx';
import { useI18n } from '../../i18n/i18n.ts';
import { CallStatus } from './call-status.tsx';
import { CaptionsLog } from './captions-log.tsx';
import { DeviceDialog } from './device-dialog.tsx';
import { LatencyPanel } from './latency-panel.tsx';
import { LevelMeter } from './level-meter.tsx';
import { Notices } from './notices.tsx';
import { Orb } from './orb.tsx';

export function LiveCallScreen({ live, language }: { readonly live: LiveCall; readonly language: string }) {
  const { call } = useServices();
  const i18n = useI18n();
  const { t } = i18n;
  const soundBlocked = useStore(call.soundBlocked);
  const [choosing, setChoosing] = useState(false);
  const [showingLatency, setShowingLatency] = useState(false);
  const phase = shownPhase(live);
  const { muted, replyMs } = live;
  // The tutor may speak on to somebody who is muted; only a turn that waits for them is held up by it.
  const waitsMuted = muted && (phase === 'listening' || phase === 'hearing');
  const hint = waitsMuted ? t('call.hint.muted') : (i18n.maybe(`call.hint.${phase}`) ?? '');

  useEffect(() => {
    function onKey(event: KeyboardEvent): void {
      if (event.code !== 'KeyM' || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
      const target = event.target;
      if (target instanceof HTMLElement && target.closest('input, select, textarea')) return;
      event.preventDefault();
      call.setMuted(!muted);
    }
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [call, muted]);

  return (
    <div className="live">
      <div className="live-stage">
        <CallStatus live={live} />
        <PageTitle title={t('call.title')}>
          <span className="unseen">{t('call.title')}</span>
        </PageTitle>
        <div className="live-face">
          <Orb phase={phase} muted={waitsMuted} readLevel={(voice) => call.readLevel(voice)} />
          <p className="live-phase" data-testid="call-phase" data-phase={phase}>
            {waitsMuted ? t('call.phase.muted') : t(`call.phase.${phase}`)}
          </p>
          <p className="live-hint">{hint}</p>
          <p className="unseen" role="status">
            {phase === 'reconnecting' ? t('call.phase.reconnecting') : waitsMuted ? t('call.phase.muted') : ''}
          </p>
        </div>
        {soundBlocked && (
          <div className="callout sound" role="alert">
            <p>{t('call.sound_blocked')}</p>
            <button type="button" className="button primary" onClick={() => call.unblockSound()}>
              {t('call.sound_play')}
            </button>
          </div>
        )}
        <Notices live={live} />
      </div>
      <CaptionsLog captions={live.captions} language={language} />
      <div className="live-controls">
        {showingLatency && <LatencyPanel id="call-latency" latencies={live.latencies} />}
        <div className="live-meters">
          <LevelMeter readLevel={(voice) => call.readLevel(voice)} muted={muted} />
          <button
            type="button"
            className="live-reply"
            title={t('call.reply_title')}
            aria-expanded={showingLatency}
            aria-controls="call-latency"
            onClick={() => setShowingLatency(!showingLatency)}
          >
            {replyMs === undefined
              ? t('call.latency.title')
              : t('call.reply', { seconds: i18n.number(Math.round(replyMs / 100) / 10) })}
            <ChevronIcon size={16} />
          </button>
        </div>
        <div className="live-buttons">
          <button
            type="button"
            className="control"
            data-on={muted ? true : undefined}
            title={t('call.mute_key')}
            aria-keyshortcuts="M"
            onClick={() => call.setMuted(!muted)}
          >
            {muted ? <MicrophoneOffIcon /> : <MicrophoneIcon />}
            <span>{t(muted ? 'call.unmute' : 'call.mute')}</span>
          </button>
          <button type="button" className="control end" aria-disabled={live.ending} onClick={() => call.hangUp()}>
            <HangUpIcon />
            <span>{t(live.ending ? 'call.ending' : 'call.end')}</span>
          </button>
          <button type="button" className="control" aria-haspopup="dialog" onClick={() => setChoosing(true)}>
            <SlidersIcon />
            <span>{t('call.devices')}</span>
          </button>
        </div>
      </div>
      {choosing && <DeviceDialog call={call} muted={muted} onClose={() => setChoosing(false)} />}
    </div>
  );
}
