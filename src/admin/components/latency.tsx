import { H2 } from '@adminjs/design-system';
import { useTranslation } from 'adminjs';
import React, { useState } from 'react';
import { queryOf, useAddress } from './figures/address.ts';
import type { LatencyAnswer } from './figures/answers.ts';
import { useAnswer } from './figures/ask.ts';
import { nameOf, PERCENTILES, StageChart, type Percentile } from './figures/latency-charts.tsx';
import { AnswerView, Choice, Empty, Section, Toggles } from './figures/parts.tsx';
import { RangeBar } from './figures/range-bar.tsx';
import { todayIn, type Days } from './figures/range.ts';
import { useWords } from './figures/words.ts';

const LATENCY = '/admin/data/analytics/latency';
/** In the order in which a reply passes through them; what the learner feels comes first. */
const STAGES = ['reply', 'endpoint', 'final_transcript', 'first_token', 'first_sentence', 'first_audio', 'stop'];

/** How long learners wait for each stage of an answer. */
export default function LatencyPage() {
  const { translatePage } = useTranslation();
  const { say, formats } = useWords('Latency');
  const { say: sayFigures } = useWords('Figures');
  const { get, set } = useAddress();
  const [shown, setShown] = useState<Percentile | 'all'>('p95_ms');
  const [from, to] = [get('from'), get('to')];
  const chosen = { engine: get('engine'), stage: get('stage') };
  const query = { from_date: from, to_date: to };
  const asked = useAnswer<LatencyAnswer>(`${LATENCY}?${queryOf(query)}`);

  const { answer } = asked;
  const clock = answer?.time_zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  const days: Days | undefined =
    from !== undefined && to !== undefined ? { from, to } : answer && { from: answer.from_date, to: answer.to_date };
  const all = [...new Set(answer?.totals.map(({ engine }) => engine))];
  const everything = { value: '', label: sayFigures('all') };
  const stageName = (stage: string): string => say(`stages.${stage}`, { defaultValue: stage });

  return (
    <div className="fg-page" data-testid="latency">
      <header className="fg-head">
        <H2>{translatePage('latency')}</H2>
        <a className="fg-button" href={`${LATENCY}?${queryOf({ ...query, format: 'csv' })}`} download>
          {sayFigures('csv')}
        </a>
      </header>
      <p className="fg-quiet">{say('about')}</p>
      <div className="fg-bar">
        <RangeBar days={days} today={todayIn(clock, new Date())} onChange={(next) => set({ ...next })} />
        <Toggles
          label={say('percentile')}
          value={shown}
          options={[
            ...PERCENTILES.map((value) => ({ value, label: nameOf(value) })),
            { value: 'all' as const, label: say('everything') },
          ]}
          onChange={setShown}
        />
        <Choice
          id="fg-engine"
          label={sayFigures('engine')}
          value={chosen.engine ?? ''}
          options={[everything, ...all.map((name) => ({ value: name, label: name }))]}
          onChange={(value) => set({ engine: value || undefined })}
        />
        <Choice
          id="fg-stage"
          label={say('stage')}
          value={chosen.stage ?? ''}
          options={[everything, ...STAGES.map((stage) => ({ value: stage, label: stageName(stage) }))]}
          onChange={(value) => set({ stage: value || undefined })}
        />
      </div>
      <AnswerView asked={asked}>
        {(found) => {
          const totals = found.totals.filter(
            ({ engine, stage }) =>
              (chosen.engine === undefined || engine === chosen.engine) &&
              (chosen.stage === undefined || stage === chosen.stage),
          );
          if (totals.length === 0) return <Empty>{say('nothing')}</Empty>;
          const there = new Set(totals.map(({ stage }) => stage));
          const stages = [
            ...STAGES.filter((stage) => there.has(stage)),
            ...[...there].filter((stage) => !STAGES.includes(stage)),
          ];
          return (
            <>
              <p className="fg-quiet" data-testid="shown-range">
                {say('shown', {
                  days: `${formats.date(found.from_date)} – ${formats.date(found.to_date)}`,
                  zone: found.time_zone,
                })}
              </p>
              <div className="fg-charts">
                {stages.map((stage) => (
                  <StageChart
                    key={stage}
                    stage={stage}
                    answer={found}
                    engines={all.filter((engine) => chosen.engine === undefined || engine === chosen.engine)}
                    percentiles={shown === 'all' ? PERCENTILES : [shown]}
                  />
                ))}
              </div>
              <Section title={say('totals')}>
                <div className="fg-scroll" role="region" aria-label={say('totals')} tabIndex={0}>
                  <table className="fg-table" data-testid="latency-totals">
                    <thead>
                      <tr>
                        <th scope="col">{say('stage')}</th>
                        <th scope="col" className="fg-text">
                          {sayFigures('engine')}
                        </th>
                        <th scope="col">{say('turns')}</th>
                        {PERCENTILES.map((percentile) => (
                          <th
                            key={percentile}
                            scope="col"
                          >{`${nameOf(percentile)}, ${sayFigures('units.shortMs')}`}</th>
                        ))}
                      </tr>
                    </thead>
                    <tbody>
                      {stages.flatMap((stage) =>
                        totals
                          .filter((row) => row.stage === stage)
                          .map((row) => (
                            <tr key={`${stage} ${row.engine}`} data-row={`${stage} ${row.engine}`}>
                              <th scope="row">{stageName(stage)}</th>
                              <td className="fg-text">{row.engine}</td>
                              <td data-value={row.turns}>{formats.count(row.turns)}</td>
                              {PERCENTILES.map((percentile) => (
                                <td key={percentile} data-value={row[percentile]}>
                                  {formats.ms(row[percentile])}
                                </td>
                              ))}
                            </tr>
                          )),
                      )}
                    </tbody>
                  </table>
                </div>
              </Section>
            </>
          );
        }}
      </AnswerView>
    </div>
  );
}
