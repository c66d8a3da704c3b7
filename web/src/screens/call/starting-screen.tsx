import { useServices } from '../../app/services.ts';
import type { StartingCall } from '../../call/call-state.ts';
import { PageTitle } from '../../components/page-title.tsx';
import { useI18n } from '../../i18n/i18n.ts';
import { Orb } from './orb.tsx';

export function StartingScreen({ starting }: { readonly starting: StartingCall }) {
  const { call } = useServices();
  const { t } = useI18n();
  return (
    <div className="moment">
      <Orb phase="connecting" muted={false} readLevel={undefined} />
      <PageTitle title={t(starting.resuming ? 'call.resuming' : 'call.starting')} />
      <p className="moment-what" role="status">
        <span className="unseen" data-testid="call-phase" data-phase="connecting">
          {t('call.phase.connecting')}
        </span>
        {starting.microphone === 'asking' ? t('call.allow_microphone') : t('call.phase.connecting')}
      </p>
      <button type="button" className="button quiet" onClick={() => call.hangUp()}>
        {t('call.cancel')}
      </button>
    </div>
  );
}
