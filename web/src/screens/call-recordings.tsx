import { useCallback, useEffect, useRef, useState } from 'react';
import { errorCode } from '../api/api-error.ts';
import type { CallRecording } from '../api/types.ts';
import { describeError } from '../app/error-text.ts';
import { useServices } from '../app/services.ts';
import { useI18n } from '../i18n/i18n.ts';

/** A link is good for hours: one that is refused sooner is not refused for its age. */
const RENEW_AFTER_MS = 60_000;

/** `onStale`: the links are too old; with the call come new ones. */
export function CallRecordings(props: { readonly recordings: readonly CallRecording[]; readonly onStale: () => void }) {
  const { t } = useI18n();
  const { recordings, onStale } = props;
  const renewedAtMs = useRef(-Infinity);
  const renew = useCallback((): boolean => {
    const nowMs = performance.now();
    if (nowMs - renewedAtMs.current < RENEW_AFTER_MS) return false;
    renewedAtMs.current = nowMs;
    onStale();
    return true;
  }, [onStale]);
  if (recordings.length === 0) return null;
  return (
    <section className="recordings" aria-labelledby="recording">
      <h2 id="recording" className="section-title">
        {t('detail.recording')}
      </h2>
      {recordings.map(({ part, url }) => {
        const label = recordings.length === 1 ? t('detail.recording') : t('detail.recording_part', { part });
        return (
          <div key={part} className="recording">
            {recordings.length > 1 && <p className="field-note">{label}</p>}
            <Player key={url} url={url} label={label} renew={renew} />
          </div>
        );
      })}
    </section>
  );
}

interface Trouble {
  readonly words: string;
  /** The file is there, whatever this browser makes of it. */
  readonly canSave: boolean;
  /** What is gone does not come by asking again. */
  readonly canRetry: boolean;
}

function Player(props: {
  readonly url: string;
  readonly label: string;
  /** Asks for new links; false when they are new already. */
  readonly renew: () => boolean;
}) {
  const { url, label, renew } = props;
  const { api } = useServices();
  const i18n = useI18n();
  const { t } = i18n;
  const [failure, setFailure] = useState<MediaError | null>(null);
  const [trouble, setTrouble] = useState<Trouble>();

  // The element does not say why; the server does. Where that has nothing against it, the browser cannot play it.
  useEffect(() => {
    if (failure === null) return undefined;
    const given = new AbortController();
    api.tryRecording(url, given.signal).then(
      () => {
        const brokeOff = failure.code === MediaError.MEDIA_ERR_NETWORK;
        setTrouble({ words: t(brokeOff ? 'error.network' : 'recording.unplayable'), canSave: true, canRetry: true });
      },
      (error: unknown) => {
        const code = errorCode(error);
        const isRenewed = code === 'recording_pass_invalid' && renew();
        if (isRenewed || code === 'aborted') return;
        const canRetry = code !== 'recording_not_found';
        setTrouble({ words: describeError(i18n, error), canSave: false, canRetry });
      },
    );
    return () => given.abort();
  }, [failure, api, url, renew, i18n, t]);

  function tryAgain(): void {
    setTrouble(undefined);
    setFailure(null);
  }

  return (
    <>
      {trouble === undefined && (
        <audio
          controls
          preload="metadata"
          src={url}
          aria-label={label}
          data-testid="recording"
          onError={(event) => setFailure(event.currentTarget.error)}
        />
      )}
      <div className="recording-status" role="status">
        {trouble && (
          <p className="callout" data-testid="recording-trouble">
            {trouble.words}{' '}
            {trouble.canRetry && (
              <button type="button" className="text-button" onClick={tryAgain}>
                {t('app.retry')}
              </button>
            )}
          </p>
        )}
      </div>
      {trouble?.canSave !== false && (
        <a className="button plain" href={`${url}&download=1`} download>
          {t('detail.recording_save')}
        </a>
      )}
    </>
  );
}
