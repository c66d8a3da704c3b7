import { H2 } from '@adminjs/design-system';
import { useTranslation } from 'adminjs';
import React, { useState } from 'react';
import type { LiveAnswer, QueuesAnswer } from './figures/answers.ts';
import { useAnswer } from './figures/ask.ts';
import { Captions } from './figures/captions.tsx';
import { LiveCalls } from './figures/live-calls.tsx';
import { NodeLoads } from './figures/node-loads.tsx';
import { AnswerView, Section } from './figures/parts.tsx';
import { QueueTable } from './figures/queue-table.tsx';
import { useWords } from './figures/words.ts';

const CALLS_EVERY_MS = 3_000;
const QUEUES_EVERY_MS = 10_000;

/** What goes on now: calls, the nodes that carry them, what waits in the queues. */
export default function Live() {
  const { translatePage } = useTranslation();
  const { say, formats } = useWords('Live');
  const live = useAnswer<LiveAnswer>('/admin/data/live', { everyMs: CALLS_EVERY_MS });
  const queues = useAnswer<QueuesAnswer>('/admin/data/jobs/queues', { everyMs: QUEUES_EVERY_MS });
  const [reading, setReading] = useState<{ readonly callId: string; readonly email: string }>();

  return (
    <div className="fg-page" data-testid="live">
      <H2>{translatePage('live')}</H2>
      <AnswerView asked={live}>
        {(answer) => (
          <>
            <p className="fg-quiet">{say('refreshed', { time: formats.time(answer.at) })}</p>
            <Section title={say('nodes')} id="nodes">
              <NodeLoads nodes={answer.nodes} />
            </Section>
            <div className={`fg-live${reading ? ' fg-live-reading' : ''}`}>
              <Section
                title={`${say('calls')}: ${formats.count(answer.calls_count)}`}
                about={say('callsAbout')}
                id="calls"
              >
                <LiveCalls
                  answer={answer}
                  reading={reading?.callId}
                  onRead={({ call_id: callId, email }) => setReading({ callId, email })}
                />
              </Section>
              {reading && <Captions key={reading.callId} {...reading} onClose={() => setReading(undefined)} />}
            </div>
          </>
        )}
      </AnswerView>
      <Section title={say('queues')} id="queues">
        <AnswerView asked={queues}>{(answer) => <QueueTable queues={answer} />}</AnswerView>
      </Section>
    </div>
  );
}
