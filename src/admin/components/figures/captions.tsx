import { Button } from '@adminjs/design-system';
import React, { useEffect, useRef } from 'react';
import type { CaptionsAnswer } from './answers.ts';
import { useAnswer } from './ask.ts';
import { AnswerView, Empty, Section } from './parts.tsx';
import { useWords } from './words.ts';

const EVERY_MS = 2_000;

interface CaptionsProps {
  readonly callId: string;
  readonly email: string;
  readonly onClose: () => void;
}

/** What is said in one call, as it is written down: the last words in sight. */
export function Captions({ callId, email, onClose }: CaptionsProps) {
  const { say } = useWords('Live');
  const asked = useAnswer<CaptionsAnswer>(`/admin/data/calls/${encodeURIComponent(callId)}/captions`, {
    everyMs: EVERY_MS,
  });
  const log = useRef<HTMLDivElement>(null);
  const said = asked.answer?.turns.at(-1);
  useEffect(() => {
    log.current?.scrollTo({ top: log.current.scrollHeight });
  }, [said?.ordinal, said?.text]);
  return (
    <Section
      id="captions"
      title={say('captionsOf', { email })}
      about={say('captionsAbout')}
      aside={
        <Button size="sm" variant="text" onClick={onClose}>
          {say('close')}
        </Button>
      }
    >
      <AnswerView asked={asked}>
        {({ status, turns }) => (
          <>
            {turns.length === 0 && <Empty>{say('silent')}</Empty>}
            <div className="fg-captions" role="log" aria-label={say('captions')} ref={log} tabIndex={0}>
              {turns.map((turn) => (
                <p key={turn.ordinal} className={`fg-caption fg-caption-${turn.speaker}`}>
                  <small>{turn.speaker === 'tutor' ? say('tutor') : say('learner')}</small>
                  {turn.interrupted ? turn.heard_text : turn.text}
                  {turn.interrupted && (
                    <span className="fg-unheard">
                      {turn.text.slice(turn.heard_text.length)} — {say('interrupted')}
                    </span>
                  )}
                </p>
              ))}
            </div>
            {(status === 'ended' || status === 'finalized') && <p className="fg-quiet">{say('callOver')}</p>}
          </>
        )}
      </AnswerView>
    </Section>
  );
}
