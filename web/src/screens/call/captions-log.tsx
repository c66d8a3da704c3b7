import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { Caption } from '../../../../src/media/protocol.ts';
import { splitHeard } from '../../call/captions.ts';
import { DownIcon } from '../../components/icons.tsx';
import { WordMarks } from '../../components/word-marks.tsx';
import { useI18n } from '../../i18n/i18n.ts';

/** Nearer to the end than this, in px, and the log follows what comes. */
const FOLLOW_WITHIN = 80;

/**
 * Both sides' words as they come. A screen reader is told of a caption once, when it is final: text that still changes
 * is hidden from it and is replaced by a new element then.
 */
export function CaptionsLog(props: { readonly captions: readonly Caption[]; readonly language: string | undefined }) {
  const { t } = useI18n();
  // A turn may be opened before anything is understood of it, and end so.
  const captions = props.captions.filter(({ text, final, words }) => !final || text !== '' || words !== undefined);
  const log = useRef<HTMLDivElement>(null);
  const [following, setFollowing] = useState(true);

  useLayoutEffect(() => {
    const element = log.current;
    if (element && following) element.scrollTop = element.scrollHeight;
  }, [props.captions, following]);

  useEffect(() => {
    const element = log.current;
    if (!element) return undefined;
    // A phone turned round, or its keyboard, changes the height.
    const observer = new ResizeObserver(() => {
      if (following) element.scrollTop = element.scrollHeight;
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [following]);

  function onScroll(): void {
    const element = log.current;
    if (element) setFollowing(element.scrollHeight - element.scrollTop - element.clientHeight < FOLLOW_WITHIN);
  }

  return (
    <div className="log-frame">
      <div
        ref={log}
        className="log"
        role="log"
        aria-live="polite"
        aria-relevant="additions"
        aria-label={t('call.log')}
        tabIndex={0}
        onScroll={onScroll}
      >
        {captions.length === 0 && <p className="log-empty">{t('call.log_empty')}</p>}
        <div className="captions">
          {captions.map((caption) => (
            <CaptionItem key={`${caption.turn}-${caption.final}`} caption={caption} language={props.language} />
          ))}
        </div>
      </div>
      {!following && (
        <button
          type="button"
          className="log-latest"
          onClick={() => {
            setFollowing(true);
          }}
        >
          <DownIcon size={16} /> {t('call.latest')}
        </button>
      )}
    </div>
  );
}

function CaptionItem({ caption, language }: { readonly caption: Caption; readonly language: string | undefined }) {
  const { t } = useI18n();
  const { heard, unheard } = splitHeard(caption);
  const isTutor = caption.speaker === 'tutor';
  return (
    <div
      className="caption"
      data-speaker={caption.speaker}
      data-turn={caption.turn}
      data-final={caption.final}
      aria-hidden={caption.final ? undefined : true}
    >
      <p className="caption-who">{t(isTutor ? 'call.tutor' : 'call.you')}</p>
      <div className="bubble">
        <p lang={language}>
          {isTutor ? heard : caption.text}
          {isTutor && unheard !== '' && (
            <span className="caption-unheard" data-dropped={caption.interrupted}>
              {unheard}
            </span>
          )}
          {!caption.final && !isTutor && <span className="caption-typing" aria-hidden="true" />}
          {caption.interrupted && <span className="caption-cut">{t('call.interrupted')}</span>}
        </p>
        {caption.words && caption.words.length > 0 && <WordMarks words={caption.words} lang={language ?? 'en'} />}
      </div>
    </div>
  );
}
