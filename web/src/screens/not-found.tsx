import { CompassIcon } from '../components/icons.tsx';
import { Link } from '../components/link.tsx';
import { PageTitle } from '../components/page-title.tsx';
import { useI18n } from '../i18n/i18n.ts';

export function NotFound() {
  const { t } = useI18n();
  return (
    <div className="moment">
      <span className="moment-icon">
        <CompassIcon size={36} />
      </span>
      <PageTitle title={t('app.not_found')} />
      <p className="moment-what">{t('app.not_found_what')}</p>
      <div className="moment-actions">
        <Link to={{ screen: 'call' }} className="button primary">
          {t('app.to_call')}
        </Link>
      </div>
    </div>
  );
}
