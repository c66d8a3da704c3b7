import React from 'react';
import type { Asked } from '../figures/ask.ts';
import { AnswerView, Empty, Section } from '../figures/parts.tsx';
import { useWords } from '../figures/words.ts';
import type { ComposedAnswer, Rule } from './answers.ts';

interface PreviewProps {
  readonly asked: Asked<ComposedAnswer>;
  readonly rules: readonly Rule[];
  readonly children: React.ReactNode;
}

/** The whole of what a tutor is told, and how much room it takes. */
export function Preview({ asked, rules, children }: PreviewProps) {
  const { say, formats } = useWords('Rules');
  const titleOf = (id: string): string => rules.find((rule) => rule.id === id)?.title ?? id;
  return (
    <Section id="preview" title={say('preview')} about={say('previewAbout')}>
      <div className="fg-range">{children}</div>
      <AnswerView asked={asked}>
        {({ text, tokens, max_tokens: most, used, left_out: leftOut }) => (
          <>
            <p data-testid="tokens" data-tokens={tokens}>
              {say('tokens', {
                tokens: formats.count(tokens),
                most: formats.count(most),
                rules: formats.count(used.length),
              })}
            </p>
            <div className={`fg-load${leftOut.length > 0 ? ' fg-load-full' : ''}`} aria-hidden="true">
              <i style={{ width: `${Math.min(100, (100 * tokens) / most)}%` }} />
            </div>
            {leftOut.length > 0 && (
              <p className="fg-failed" role="alert">
                {say('leftOut', { titles: leftOut.map(titleOf).join(', ') })}
              </p>
            )}
            {text === '' ? (
              <Empty>{say('nothingSaid')}</Empty>
            ) : (
              <pre className="kp-prompt" tabIndex={0} aria-label={say('preview')}>
                {text}
              </pre>
            )}
          </>
        )}
      </AnswerView>
    </Section>
  );
}
