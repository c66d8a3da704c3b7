import React, { useState } from 'react';
import { Section } from '../figures/parts.tsx';
import { useWords } from '../figures/words.ts';
import { RefusedNote } from '../keeping/parts.tsx';
import { send } from '../keeping/send.ts';
import { useDeed } from '../keeping/use-deed.ts';
import type { Language, Level, TrialAnswer } from './answers.ts';

/** Asks the tutor that a call would have, by the rules as they are now. */
export function Trial({ language, level }: { readonly language: Language; readonly level: Level }) {
  const { say, formats } = useWords('Rules');
  const [text, setText] = useState('');
  const [answer, setAnswer] = useState<TrialAnswer>();
  const asking = useDeed();
  const ask = async (): Promise<void> => {
    setAnswer(undefined);
    await asking.run(async () =>
      setAnswer(await send<TrialAnswer>('/admin/data/tutor-trials', { text, language, level })),
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
            {answer.engine === 'local' && <p className="fg-quiet">{say('localFollowsLessons')}</p>}
          </div>
        )}
      </div>
    </Section>
  );
}
