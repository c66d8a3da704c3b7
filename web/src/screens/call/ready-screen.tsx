import { useState } from 'react';
import { useServices } from '../../app/services.ts';
import { useAnswer } from '../../app/use-answer.ts';
import type { Language, Level, User } from '../../api/types.ts';
import { BulbIcon, PhoneIcon } from '../../components/icons.tsx';
import { Link } from '../../components/link.tsx';
import { PageTitle } from '../../components/page-title.tsx';
import { Segments } from '../../components/segments.tsx';
import { useI18n } from '../../i18n/i18n.ts';
import { languages, levels } from '../choices.ts';
import { DeviceSelect } from './device-dialog.tsx';
import { RecordingConsent, useRecordingTerms } from './recording-consent.tsx';
import { Orb } from './orb.tsx';
import { useDevices } from './use-devices.ts';

const tips = ['ready.tip_headphones', 'ready.tip_repeat', 'ready.tip_next', 'ready.tip_quiet'] as const;

export function ReadyScreen({ user }: { readonly user: User }) {
  const { api, call, session } = useServices();
  const i18n = useI18n();
  const { t } = i18n;
  const [microphone, setMicrophone] = useState(call.microphoneId ?? '');
  const microphones = useDevices('audioinput');
  const [tip] = useState(() => tips[Math.floor(Math.random() * tips.length)] ?? tips[0]);
  const recording = useRecordingTerms(api);
  const [consents, setConsents] = useState(false);
  const minutes = user.minutes_available;
  const canCall = minutes >= 1;
  const greeting = user.name ? t('ready.title_name', { name: user.name }) : t('ready.title');
  const title = canCall ? greeting : t('ready.no_minutes');

  /** Shown at once; kept in the account for the next time. */
  function choose(changes: { language?: Language; level?: Level }): void {
    session.setUser({ ...user, ...changes });
    api.updateMe(changes).catch(() => undefined);
  }

  return (
    <div className="ready">
      <section className="ready-hero">
        <PageTitle title={title} />
        <Orb phase={canCall ? 'idle' : 'reconnecting'} muted={false} readLevel={undefined} />
        <p className="ready-minutes">
          <strong data-testid="minutes-left" data-minutes={minutes}>
            {i18n.number(minutes)}
          </strong>{' '}
          {t('minutes.left', { count: minutes })}
        </p>
        {canCall ? (
          <button
            type="button"
            className="button primary call-button"
            onClick={() =>
              call.start({
                language: user.language,
                level: user.level,
                ...(recording.offered && consents && { recording_consent: true }),
              })
            }
          >
            <PhoneIcon /> {t('ready.start')}
          </button>
        ) : (
          <NoMinutes />
        )}
      </section>
      <div className="ready-side">
        <section className="card" aria-labelledby="lesson">
          <h2 id="lesson" className="section-title">
            {t('ready.lesson')}
          </h2>
          <Segments
            label={t('ready.language')}
            value={user.language}
            choices={languages.map((value) => ({ value, label: t(`language.${value}`) }))}
            onChoose={(language) => choose({ language })}
          />
          <Segments
            label={t('ready.level')}
            value={user.level}
            choices={levels.map((value) => ({ value, label: t(`level.${value}`) }))}
            onChoose={(level) => choose({ level })}
          />
          <DeviceSelect
            label={t('ready.microphone')}
            systemLabel={t('ready.system_microphone')}
            devices={microphones}
            value={microphone}
            note={microphones.length === 0 ? t('ready.microphone_note') : undefined}
            onChoose={(id) => {
              setMicrophone(id);
              void call.chooseMicrophone(id);
            }}
          />
          {recording.offered && (
            <RecordingConsent keepDays={recording.keep_days} consents={consents} onChange={setConsents} />
          )}
        </section>
        <aside className="tip">
          <BulbIcon size={22} />
          <p>
            <strong>{t('ready.tip')}.</strong> {t(tip)}
          </p>
        </aside>
      </div>
    </div>
  );
}

function NoMinutes() {
  const { api } = useServices();
  const { t } = useI18n();
  const { value: welcome } = useAnswer(api.welcome);
  // What cannot be known is not promised.
  const gifts = welcome !== undefined && welcome.referral_minutes > 0;
  return (
    <div className="ready-empty">
      <p>{t(gifts ? 'ready.no_minutes_what' : 'problem.no_minutes.what')}</p>
      <Link to={{ screen: 'top-up' }} className="button primary">
        {t('topup.go')}
      </Link>
      {gifts && (
        <Link to={{ screen: 'account' }} className="button plain">
          {t('invite.title')}
        </Link>
      )}
    </div>
  );
}
