import { useEffect, useId, useState } from 'react';
import type { ApiClient } from '../../api/client.ts';
import type { RecordingTerms } from '../../api/types.ts';
import { useI18n } from '../../i18n/i18n.ts';

const NOT_OFFERED: RecordingTerms = { offered: false, keep_days: 0 };

/** Not offered until the answer is there, nor without one. */
export function useRecordingTerms(api: ApiClient): RecordingTerms {
  const [terms, setTerms] = useState(NOT_OFFERED);
  useEffect(() => {
    let left = false;
    api.recordingTerms().then(
      (answer) => left || setTerms(answer),
      () => undefined,
    );
    return () => {
      left = true;
    };
  }, [api]);
  return terms;
}

/** Asked before each call, and never ticked by itself: recording needs a yes. */
export function RecordingConsent(props: {
  readonly keepDays: number;
  readonly consents: boolean;
  readonly onChange: (consents: boolean) => void;
}) {
  const { t } = useI18n();
  const noteId = useId();
  return (
    <div className="consent">
      <label className="check">
        <input
          type="checkbox"
          checked={props.consents}
          aria-describedby={noteId}
          onChange={(event) => props.onChange(event.target.checked)}
        />
        <span>{t('recording.consent')}</span>
      </label>
      <p id={noteId} className="field-note">
        {props.keepDays > 0
          ? t('recording.terms', { count: props.keepDays, days: props.keepDays })
          : t('recording.terms_kept')}
      </p>
    </div>
  );
}
