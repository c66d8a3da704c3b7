import { H2 } from '@adminjs/design-system';
import { useTranslation } from 'adminjs';
import React from 'react';
import type { DeadJobsAnswer, QueuesAnswer } from './figures/answers.ts';
import { useAnswer } from './figures/ask.ts';
import { AnswerView, Empty, Section } from './figures/parts.tsx';
import { QueueTable } from './figures/queue-table.tsx';
import { useWords } from './figures/words.ts';
import { DeadJobs } from './jobs/dead-jobs.tsx';
import { Rebuild } from './jobs/rebuild.tsx';

const EVERY_MS = 10_000;

/** The house's own work: what waits, what was given up and why, and what administrators have done again. */
export default function Jobs() {
  const { translatePage } = useTranslation();
  const { say } = useWords('Jobs');
  const queues = useAnswer<QueuesAnswer>('/admin/data/jobs/queues', { everyMs: EVERY_MS });
  const dead = useAnswer<DeadJobsAnswer>('/admin/data/jobs/dead', { everyMs: EVERY_MS });

  return (
    <div className="fg-page" data-testid="jobs">
      <header className="fg-head">
        <H2>{translatePage('jobs')}</H2>
        {/* A page of its own, which the panel's router does not know. */}
        <a className="fg-button" href="/admin/queues">
          {say('board')}
        </a>
      </header>
      <p className="fg-quiet">{say('about')}</p>
      <Section title={say('queues')} id="queues">
        <AnswerView asked={queues}>{(answer) => <QueueTable queues={answer} />}</AnswerView>
      </Section>
      <Section title={say('dead')} about={say('deadAbout')} id="dead">
        <AnswerView asked={dead}>
          {(answer) =>
            answer.length === 0 ? (
              <Empty>{say('none')}</Empty>
            ) : (
              <DeadJobs
                jobs={answer}
                onReplayed={() => {
                  dead.askAgain();
                  queues.askAgain();
                }}
              />
            )
          }
        </AnswerView>
      </Section>
      <Section title={say('figures')} about={say('figuresAbout')} id="figures">
        <Rebuild />
      </Section>
    </div>
  );
}
