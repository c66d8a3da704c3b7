import { ApiError } from '../api/api-error.ts';
import { describeError } from '../app/error-text.ts';
import { useI18n } from '../i18n/i18n.ts';

export function Loading() {
  const { t } = useI18n();
  return (
    <div className="loading" role="status">
      <span className="loading-dots" aria-hidden="true">
        <i />
        <i />
        <i />
      </span>
      <span className="unseen">{t('app.loading')}</span>
    </div>
  );
}

export function Failure(props: { readonly error: unknown; readonly onRetry: () => void }) {
  const i18n = useI18n();
  // What is not there does not come by asking again.
  const canRetry = !(props.error instanceof ApiError && [400, 403, 404].includes(props.error.status));
  return (
    <div className="failure" role="alert">
      <p>{describeError(i18n, props.error)}</p>
      {canRetry && (
        <button type="button" className="button quiet" onClick={props.onRetry}>
          {i18n.t('app.retry')}
        </button>
      )}
    </div>
  );
}
