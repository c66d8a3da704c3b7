import React from 'react';
import { useAnswer } from '../figures/ask.ts';
import { AnswerView } from '../figures/parts.tsx';
import { useWords } from '../figures/words.ts';
import { RefusedNote } from '../keeping/parts.tsx';
import { send } from '../keeping/send.ts';
import { useDeed } from '../keeping/use-deed.ts';
import { type Rule, RULES, type Version, type VersionsAnswer } from './answers.ts';
import { Scope, WordingDifference } from './wording.tsx';

interface RuleHistoryProps {
  readonly rule: Rule;
  readonly mayChange: boolean;
  readonly onUsed: () => void;
}

/** Every wording of a rule, each with what it changed. An earlier one can be used again, as a new version. */
export function RuleHistory({ rule, mayChange, onUsed }: RuleHistoryProps) {
  const { say, formats } = useWords('Rules');
  const asked = useAnswer<VersionsAnswer>(`${RULES}/${rule.id}/versions?of=${rule.version}`);
  const using = useDeed();
  const use = async ({ title, text, language, level }: Version): Promise<void> => {
    const wording = { title, text, language, level, version: rule.version };
    if (await using.run(() => send(`${RULES}/${rule.id}`, wording))) onUsed();
  };
  return (
    <AnswerView asked={asked}>
      {({ versions }) => (
        <div className="kp-versions" data-testid={`history-${rule.id}`}>
          {using.refused && <RefusedNote refused={using.refused} />}
          {versions.map((version, index) => {
            const before = versions[index + 1];
            return (
              <article key={version.version} data-version={version.version}>
                <header>
                  <strong>{say('version', { number: version.version })}</strong>
                  <span className="fg-quiet">
                    {formats.instant(version.recorded_at)}, {version.updated_by_email ?? say('system')}
                  </span>
                  {mayChange && index > 0 && differs(version, rule) && (
                    <button type="button" className="fg-button" disabled={using.busy} onClick={() => void use(version)}>
                      {say('useAgain')}
                    </button>
                  )}
                </header>
                {before ? (
                  <WordingDifference before={before} after={version} />
                ) : (
                  <div className="kp-difference">
                    <p>
                      <strong>{version.title}</strong> <Scope {...version} />
                    </p>
                    <div className="kp-text">{version.text}</div>
                  </div>
                )}
              </article>
            );
          })}
        </div>
      )}
    </AnswerView>
  );
}

function differs(version: Version, { title, text, language, level }: Rule): boolean {
  return version.title !== title || version.text !== text || version.language !== language || version.level !== level;
}
