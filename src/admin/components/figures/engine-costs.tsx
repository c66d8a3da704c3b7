import React from 'react';
import type { EnginesAnswer } from './answers.ts';
import { useAnswer } from './ask.ts';
import { queryOf } from './address.ts';
import { AnswerView, Empty, Section } from './parts.tsx';
import type { Days } from './range.ts';
import { useWords } from './words.ts';

/** What the engines did, and what that costs at the vendors. */
export function EngineCosts({ days }: { readonly days: Days }) {
  const { say, formats } = useWords('Figures');
  const asked = useAnswer<EnginesAnswer>(
    `/admin/data/analytics/engines?${queryOf({ from_date: days.from, to_date: days.to })}`,
  );
  const { count, roubles, duration } = formats;
  return (
    <Section id="engine-costs" title={say('costs.title')} about={say('costs.about')}>
      <AnswerView asked={asked}>
        {({ engines }) =>
          engines.length === 0 ? (
            <Empty>{say('costs.none')}</Empty>
          ) : (
            <div className="fg-scroll" role="region" aria-label={say('costs.title')} tabIndex={0}>
              <table className="fg-table">
                <thead>
                  <tr>
                    <th scope="col">{say('engine')}</th>
                    <th scope="col" className="fg-text">
                      {say('costs.kind')}
                    </th>
                    {['turns', 'heard', 'spoken', 'characters', 'tokensIn', 'tokensOut', 'cost'].map((name) => (
                      <th key={name} scope="col">
                        {say(`costs.${name}`)}
                      </th>
                    ))}
                  </tr>
                </thead>
                <tbody>
                  {engines.map((row) => (
                    <tr key={`${row.engine} ${row.kind}`}>
                      <th scope="row">{row.engine}</th>
                      <td className="fg-text">{say(`kinds.${row.kind}`, { defaultValue: row.kind })}</td>
                      <td>{count(row.turns)}</td>
                      <td>{duration(row.audio_in_seconds)}</td>
                      <td>{duration(row.audio_out_seconds)}</td>
                      <td>{count(row.characters)}</td>
                      <td>{count(row.input_tokens)}</td>
                      <td>{count(row.output_tokens)}</td>
                      <td>{roubles(row.cost_rub)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </AnswerView>
    </Section>
  );
}
