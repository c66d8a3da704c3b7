import { H2 } from '@adminjs/design-system';
import { useTranslation } from 'adminjs';
import React, { useState } from 'react';
import { queryOf, useAddress } from './figures/address.ts';
import type { RevenueAnswer } from './figures/answers.ts';
import { useAnswer } from './figures/ask.ts';
import { Breakdown } from './figures/breakdown.tsx';
import { EngineCosts } from './figures/engine-costs.tsx';
import { FigureCards } from './figures/figure-cards.tsx';
import { FigureTable } from './figures/figure-table.tsx';
import { AnswerView, Choice, Empty, Section, Toggles } from './figures/parts.tsx';
import { RangeBar } from './figures/range-bar.tsx';
import { lengthOf, todayIn, type Days } from './figures/range.ts';
import { Restated } from './figures/restated.tsx';
import { RevenueCharts } from './figures/revenue-charts.tsx';
import { useRole } from './figures/role.ts';
import { useWords } from './figures/words.ts';
import { timeZones } from './figures/zones.ts';

const REVENUE = '/admin/data/analytics/revenue/minutes';
const TABLE = 'fg-revenue-table';

/** What the product earns and how much it is used. */
export default function Analytics() {
  const { translatePage } = useTranslation();
  const { say, formats } = useWords('Figures');
  const role = useRole();
  const { get, set } = useAddress();
  const [compare, setCompare] = useState(true);
  const grouping = get('group_by') === 'hour' ? 'hour' : 'day';
  const zone = get('time_zone');
  const dates = { from_date: get('from'), to_date: get('to'), group_by: grouping, time_zone: zone };
  const narrowed = { ...dates, engine: get('engine'), language: get('language') };

  const asked = useAnswer<RevenueAnswer>(
    `${REVENUE}?${queryOf({ ...narrowed, ...(compare && { compare: 'previous' }) })}`,
  );
  // Of all, so that one who has chosen an engine still sees which others there are. Only the sums are wanted: with whole
  // days the answer is a fraction of the size. (Without dates the grouping decides how far back it goes.)
  const parts = { ...dates, group_by: dates.from_date === undefined ? grouping : 'day' };
  const engines = useAnswer<RevenueAnswer>(`${REVENUE}?${queryOf({ ...parts, breakdown: 'engine' })}`);
  const languages = useAnswer<RevenueAnswer>(`${REVENUE}?${queryOf({ ...parts, breakdown: 'language' })}`);

  const known = asked.answer ?? engines.answer;
  const [house, setHouse] = useState<string>();
  if (known && zone === undefined && house !== known.time_zone) setHouse(known.time_zone);
  const clock = zone ?? house ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  const [from, to] = [get('from'), get('to')];
  const days: Days | undefined = from !== undefined && to !== undefined ? { from, to } : known && daysIn(known);

  const names = (of: RevenueAnswer | undefined, chosen: string | undefined): readonly string[] => [
    ...new Set([...(of?.breakdown ?? []).map(({ name }) => name), ...(chosen === undefined ? [] : [chosen])]),
  ];
  const everything = { value: '', label: say('all') };

  return (
    <div className="fg-page" data-testid="analytics">
      <header className="fg-head">
        <H2>{translatePage('analytics')}</H2>
        <a className="fg-button" href={`${REVENUE}?${queryOf({ ...narrowed, format: 'csv' })}`} download>
          {say('csv')}
        </a>
      </header>
      <div className="fg-bar">
        <RangeBar
          days={days}
          today={todayIn(clock, new Date())}
          onChange={(next) =>
            // A day or two are looked at by the hour.
            set({ ...next, group_by: lengthOf(next) <= 2 ? 'hour' : undefined })
          }
        />
        <Toggles
          label={say('grouping')}
          value={grouping}
          options={(['day', 'hour'] as const).map((value) => ({ value, label: say(`groupings.${value}`) }))}
          onChange={(value) => set({ ...days, group_by: value })}
        />
        <Choice
          id="fg-engine"
          label={say('engine')}
          value={narrowed.engine ?? ''}
          options={[
            everything,
            ...names(engines.answer, narrowed.engine).map((name) => ({ value: name, label: name })),
          ]}
          onChange={(value) => set({ engine: value || undefined })}
        />
        <Choice
          id="fg-language"
          label={say('language')}
          value={narrowed.language ?? ''}
          options={[
            everything,
            ...names(languages.answer, narrowed.language).map((name) => ({
              value: name,
              label: say(`languages.${name}`, { defaultValue: name }),
            })),
          ]}
          onChange={(value) => set({ language: value || undefined })}
        />
        <Choice
          id="fg-zone"
          label={say('zone')}
          value={zone ?? ''}
          options={[
            { value: '', label: house === undefined ? say('houseZone') : `${house} (${say('houseZone')})` },
            ...timeZones(zone).map((name) => ({ value: name, label: name })),
          ]}
          onChange={(value) => set({ time_zone: value || undefined })}
        />
        <label className="fg-check">
          <input type="checkbox" checked={compare} onChange={() => setCompare(!compare)} />
          {say('compare')}
        </label>
      </div>
      <AnswerView asked={asked}>
        {(answer) => (
          <>
            <p className="fg-quiet" data-testid="shown-range">
              {say(answer.previous ? 'shownAndBefore' : 'shown', {
                days: rangeName(answer, answer.time_zone, formats.date),
                zone: answer.time_zone,
                before: answer.previous ? rangeName(answer.previous, answer.time_zone, formats.date) : '',
              })}
              {(narrowed.engine !== undefined || narrowed.language !== undefined) && ` ${say('narrowed')}`}
            </p>
            <div className="fg-cards" data-testid="figures">
              <FigureCards answer={answer} />
            </div>
            {answer.totals.sessions_count + answer.totals.deposits_count + answer.totals.gifts_count === 0 ? (
              <Empty>{say('nothing')}</Empty>
            ) : (
              <RevenueCharts answer={answer} tableId={TABLE} />
            )}
            <Restated buckets={answer.buckets} />
            <Section id="table" title={say(`groupings.by_${answer.grouping}`)}>
              <FigureTable id={TABLE} answer={answer} />
            </Section>
          </>
        )}
      </AnswerView>
      <div className="fg-two" hidden={unaskable(asked.failure)}>
        <Section title={say('by.engine')} about={say('by.engineAbout')}>
          <AnswerView asked={engines}>{(answer) => <Breakdown by="engine" answer={answer} />}</AnswerView>
        </Section>
        <Section title={say('by.language')}>
          <AnswerView asked={languages}>{(answer) => <Breakdown by="language" answer={answer} />}</AnswerView>
        </Section>
      </div>
      {days && !unaskable(asked.failure) && (role === 'admin' || role === 'analyst') && <EngineCosts days={days} />}
    </div>
  );
}

/** No part could answer what was asked: it is said once. */
function unaskable(failure: string | undefined): boolean {
  return failure !== undefined && /^(range|date|time_zone)_/.test(failure);
}

/** The days of an answer, as its zone's clock shows them. */
function daysIn({ from, to, time_zone: zone }: Pick<RevenueAnswer, 'from' | 'to' | 'time_zone'>): Days {
  return { from: todayIn(zone, new Date(from)), to: todayIn(zone, new Date(Date.parse(to) - 1)) };
}

function rangeName(
  { from, to }: { readonly from: string; readonly to: string },
  zone: string,
  date: (local: string) => string,
): string {
  const days = daysIn({ from, to, time_zone: zone });
  return days.from === days.to ? date(days.from) : `${date(days.from)} – ${date(days.to)}`;
}
