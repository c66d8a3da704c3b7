import React from 'react';
import { useWords } from '../figures/words.ts';
import type { Wording } from './answers.ts';
import { differences } from './diff.ts';

/** For which lessons a rule is. */
export function Scope({ language, level }: Pick<Wording, 'language' | 'level'>) {
  const { say } = useWords('Rules');
  return (
    <>
      <span className="fg-mark">{say(`languages.${language ?? 'every'}`)}</span>{' '}
      <span className="fg-mark">{say(`levels.${level ?? 'every'}`)}</span>
    </>
  );
}

/** Two texts in one: what went, struck out, what came, underlined. */
export function Difference({ before, after }: { readonly before: string; readonly after: string }) {
  return (
    <div className="kp-text">
      {differences(before, after).map(({ kind, text }, index) =>
        kind === 'same' ? (
          <span key={index}>{text}</span>
        ) : kind === 'gone' ? (
          <del key={index}>{text}</del>
        ) : (
          <ins key={index}>{text}</ins>
        ),
      )}
    </div>
  );
}

/** All that is different between two wordings of a rule. */
export function WordingDifference({ before, after }: { readonly before: Wording; readonly after: Wording }) {
  const { say } = useWords('Rules');
  const scopeChanged = before.language !== after.language || before.level !== after.level;
  const nothing = !scopeChanged && before.title === after.title && before.text === after.text;
  return (
    <div className="kp-difference">
      {before.title !== after.title && <Difference before={before.title} after={after.title} />}
      {scopeChanged && (
        <p>
          <Scope {...before} /> → <Scope {...after} />
        </p>
      )}
      {before.enabled !== after.enabled && (
        <p className="fg-quiet">{say(after.enabled ? 'switchedOn' : 'switchedOff')}</p>
      )}
      {before.text !== after.text && <Difference before={before.text} after={after.text} />}
      {nothing && before.enabled === after.enabled && <p className="fg-quiet">{say('noDifference')}</p>}
    </div>
  );
}
