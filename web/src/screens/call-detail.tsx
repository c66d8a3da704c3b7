import { useCallback } from 'react';
import { useServices } from '../app/services.ts';
import { useAnswer } from '../app/use-answer.ts';
import { splitHeard } from '../call/captions.ts';
import { BackIcon } from '../components/icons.tsx';
import { Link } from '../components/link.tsx';
import { Failure, Loading } from '../components/loading.tsx';
import { PageTitle } from '../components/page-title.tsx';
import { WordMarks } from '../components/word-marks.tsx';
import { useI18n } from '../i18n/i18n.ts';
import type { Language, Turn } from '../api/types.ts';
import { CallRecordings } from './call-recordings.tsx';
import { chargeOf } from './calls.tsx';

export function CallDetail({ callId }: { readonly callId: string }) {
  const { api } = useServices();
  const i18n = useI18n();
  const { t } = i18n;
  const ask = useCallback(() => api.call(callId), [api, callId]);
  const { value: call, error, retry } = useAnswer(ask);

  const title = call ? t('detail.title', { date: i18n.dateTime(call.started_at ?? call.placed_at) }) : t('call.title');
  return (
    <div className="column">
      <Link to={{ screen: 'calls' }} className="back">
        <BackIcon size={20} /> {t('calls.back')}
      </Link>
      <PageTitle title={title} />
      {error !== undefined && <Failure error={error} onRetry={retry} />}
      {!call && error === undefined && <Loading />}
      {call && (
        <>
          <dl className="facts">
            <div>
              <dt>{t('detail.duration')}</dt>
              <dd>{i18n.duration(call.duration_sec)}</dd>
            </div>
            <div>
              <dt>{t('detail.charged')}</dt>
              <dd>
                {call.billed_minutes
                  ? t('minutes.short', { minutes: call.billed_minutes })
                  : chargeOf(call, i18n) || '—'}
              </dd>
            </div>
            <div>
              <dt>{t('detail.lesson')}</dt>
              <dd>
                {t(`language.${call.language}`)}, {t(`level.${call.level}`).toLowerCase()}
              </dd>
            </div>
          </dl>
          {call.end_reason !== null && (
            <p className="detail-end">{i18n.maybe(`end.${call.end_reason}`) ?? t('end.other')}</p>
          )}
          <CallRecordings recordings={call.recordings} onStale={retry} />
          <h2 className="section-title">{t('detail.transcript')}</h2>
          {call.turns.length === 0 ? (
            <p className="empty-line">{t('detail.empty')}</p>
          ) : (
            <ol className="captions transcript">
              {call.turns.map((turn) => (
                <TranscriptTurn key={turn.ordinal} turn={turn} language={call.language} />
              ))}
            </ol>
          )}
        </>
      )}
    </div>
  );
}

function TranscriptTurn({ turn, language }: { readonly turn: Turn; readonly language: Language }) {
  const i18n = useI18n();
  const { t } = i18n;
  const played = turn.interrupted ? turn.heard_text : turn.text;
  const { heard, unheard } = turn.text.startsWith(played)
    ? splitHeard({ text: turn.text, heard_length: played.length })
    : { heard: played, unheard: '' };
  const replyMs = turn.stages_ms['reply'];
  return (
    <li className="caption" data-speaker={turn.speaker}>
      <p className="caption-who">
        {t(turn.speaker === 'tutor' ? 'call.tutor' : 'call.you')}
        {replyMs !== undefined && (
          <span className="caption-reply" title={t('call.reply_title')}>
            {t('call.reply', { seconds: i18n.number(Math.round(replyMs / 100) / 10) })}
          </span>
        )}
      </p>
      <div className="bubble">
        <p lang={language}>
          {turn.text === '' ? <span className="caption-unclear">{t('detail.unclear')}</span> : heard}
          {unheard !== '' && (
            <span className="caption-unheard">
              <span className="unseen"> {t('call.unheard')} </span>
              {unheard}
            </span>
          )}
          {turn.interrupted && <span className="caption-cut">{t('call.interrupted')}</span>}
        </p>
        {turn.words && turn.words.length > 0 && <WordMarks words={turn.words} lang={language} />}
      </div>
    </li>
  );
}
