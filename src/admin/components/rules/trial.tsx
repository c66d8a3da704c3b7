import React, { useState } from 'react';
import { Section } from '../figures/parts.tsx';
import { useWords } from '../figures/words.ts';
import { RefusedNote } from '../keeping/parts.tsx';
import { send } from '../keeping/send.ts';
import { useDeed } from '../keeping/use-deed.ts';
import type { Draft, Language, Level, TrialAnswer } from './answers.ts';

/** The server takes no more at once. */
const MOST_DRAFTS = 5;

interface TrialProps {
  readonly language: Language;
  readonly level: Level;
  /** What stands in open forms and is not saved. */
  readonly drafts: readonly Draft[];
}

/** Asks the tutor that a call would have, by the rules as they are now, or as they would be once they are saved. */
export function Trial({ language, level, drafts }: TrialProps) {
  const { say, formats } = useWords('Rules');
  const [text, setText] = useState('');
  const [answer, setAnswer] = useState<TrialAnswer>();
  const [withDrafts, setWithDrafts] = useState(true);
  const asking = useDeed();
  const tried = withDrafts ? drafts.slice(0, MOST_DRAFTS) : [];
  const ask = async (): Promise<void> => {
    setAnswer(undefined);
    await asking.run(async () =>
      setAnswer(await send<TrialAnswer>('/admin/data/tutor-trials', { text, language, level, drafts: tried })),
    );
  };
  return (
    <Section id="trial" title={say('trial')} about={say('trialAbout')}>
      <form
        className="kp-form"
        onSubmit={(event) => {
          event.preventDefault();
          void ask();
        }}
      >
        <label className="fg-field kp-wide" htmlFor="trial-text">
          <span>{say('trialText', { language: say(`languages.${language}`), level: say(`levels.${level}`) })}</span>
          <textarea
            id="trial-text"
            rows={3}
            value={text}
            maxLength={2_000}
            required
            onChange={(event) => setText(event.target.value)}
          />
        </label>
        {drafts.length > 0 && (
          <label className="kp-check" htmlFor="trial-drafts">
            <input
              id="trial-drafts"
              type="checkbox"
              checked={withDrafts}
              onChange={(event) => setWithDrafts(event.target.checked)}
            />{' '}
            {say('trialDrafts', { titles: drafts.map(({ title }) => title).join(', ') })}
          </label>
        )}
        <div className="kp-buttons">
          <button type="submit" className="fg-button kp-primary" disabled={asking.busy}>
            {say(asking.busy ? 'asking' : 'ask')}
          </button>
        </div>
      </form>
      {asking.refused && <RefusedNote refused={asking.refused} />}
      <div role="status">
        {answer && (
          <div className="kp-answer" data-testid="answer">
            <p>{answer.answer === '' ? say('noWords') : answer.answer}</p>
            <p className="fg-quiet">
              {say('took', {
                engine: answer.engine,
                first: formats.ms(answer.first_token_ms),
                total: formats.ms(answer.total_ms),
              })}
              {answer.usage &&
                ` ${say('cost', {
                  input: formats.count(answer.usage.input_tokens),
                  output: formats.count(answer.usage.output_tokens),
                })}`}
            </p>
            <details>
              <summary>{say('toldWhat')}</summary>
              <p className="kp-text" data-testid="told">
                {answer.instructions === '' ? say('nothingSaid') : answer.instructions}
              </p>
            </details>
            {answer.engine === 'local' && <p className="fg-quiet">{say('localFollowsLessons')}</p>}
          </div>
        )}
      </div>
    </Section>
  );
}
