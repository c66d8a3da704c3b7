import { scoreWords } from '../call/captions.ts';
import { useI18n } from '../i18n/i18n.ts';

export interface MarkedWord {
  readonly text: string;
  readonly mark: 'right' | 'wrong' | 'missing' | 'extra';
  readonly heard?: string;
}

const signs = { right: '✓', wrong: '✗', missing: '○', extra: '+' } as const;

/** A drill's sentence word by word: each mark is a sign, a name for screen readers and a colour, never the colour alone. */
export function WordMarks({ words, lang }: { readonly words: readonly MarkedWord[]; readonly lang: string }) {
  const { t } = useI18n();
  const { right, asked } = scoreWords(words);
  return (
    <div className="words">
      <ul className="words-list" aria-label={t('words.label')}>
        {words.map((word, index) => (
          <li
            // Words repeat and never move: their place is their identity.
            key={index}
            className="word"
            data-mark={word.mark}
            title={word.heard ? t('words.heard', { heard: word.heard }) : t(`words.${word.mark}`)}
          >
            <span className="word-sign" aria-hidden="true">
              {signs[word.mark]}
            </span>
            <span className="unseen">{t(`words.${word.mark}`)}: </span>
            <span className="word-text" lang={lang}>
              {word.text}
            </span>
            {word.mark === 'wrong' && word.heard && (
              <span className="word-heard" lang={lang}>
                <span className="unseen">{t('words.heard', { heard: word.heard })}</span>
                <span aria-hidden="true">→ {word.heard}</span>
              </span>
            )}
          </li>
        ))}
      </ul>
      {asked > 0 && (
        <p className="words-score" data-all={right === asked ? true : undefined}>
          {t('words.score', { right, count: asked })}
        </p>
      )}
    </div>
  );
}
