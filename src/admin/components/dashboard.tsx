import { H2 } from '@adminjs/design-system';
import React from 'react';
import type { AttentionAnswer, LiveAnswer, RevenueAnswer } from './figures/answers.ts';
import { useAnswer } from './figures/ask.ts';
import { AttentionList } from './figures/attention-list.tsx';
import { COLOURS, TimeChart, type Series } from './figures/chart.tsx';
import { FigureCards } from './figures/figure-cards.tsx';
import { AnswerView, FigureCard, Section } from './figures/parts.tsx';
import { pointsOf } from './figures/revenue-charts.tsx';
import { useRole } from './figures/role.ts';
import { useWords, type Formats } from './figures/words.ts';

const EVERY_MS = 60_000;
const SHOWN: ReadonlySet<string> = new Set([
  'total_revenue',
  'recognized_revenue',
  'total_minutes',
  'sessions_count',
  'unique_callers',
  'deposits_amount',
  'average_session_minutes',
]);

/** The first page: what needs attention, and how the day goes. Names no person. */
export default function Dashboard() {
  const { say, formats } = useWords('Dashboard');
  const role = useRole();
  const mayWatch = role === 'admin' || role === 'support';
  const today = useAnswer<RevenueAnswer>('/admin/data/analytics/today', { everyMs: EVERY_MS });
  const attention = useAnswer<AttentionAnswer>('/admin/data/attention', { everyMs: EVERY_MS });
  const live = useAnswer<LiveAnswer>(mayWatch ? '/admin/data/live' : undefined, { everyMs: EVERY_MS });

  return (
    <div className="fg-page" data-testid="dashboard">
      <H2>{say('title')}</H2>
      <Section title={say('attention')} id="attention">
        <AnswerView asked={attention}>{(answer) => <AttentionList answer={answer} />}</AnswerView>
      </Section>
      <AnswerView asked={today}>
        {(answer) => (
          <>
            <p className="fg-quiet">{say('today', momentOf(answer, formats))}</p>
            <div className="fg-cards" data-testid="figures">
              {mayWatch && live.answer && (
                <FigureCard
                  name="calls_now"
                  label={say('callsNow')}
                  value={live.answer.calls_count}
                  format={formats.count}
                  note={say('ofCapacity', { capacity: formats.count(roomOf(live.answer)) })}
                />
              )}
              <FigureCards answer={answer} only={SHOWN} />
            </div>
            <TodayChart answer={answer} />
          </>
        )}
      </AnswerView>
    </div>
  );
}

function TodayChart({ answer }: { readonly answer: RevenueAnswer }) {
  const { say, formats } = useWords('Dashboard');
  const { say: sayFigures } = useWords('Figures');
  const series: Series[] = (['total_revenue', 'recognized_revenue'] as const).map((key, index) => ({
    key,
    label: sayFigures(`figures.${key}`),
    colour: COLOURS[index] ?? '',
    kind: 'bar',
    format: formats.roubles,
  }));
  return (
    <TimeChart
      title={say('byHour')}
      unit={sayFigures('units.roubles')}
      series={series}
      points={pointsOf(answer, formats)}
    />
  );
}

/** Until when the figures go, as the house's clock shows it. */
function momentOf({ from, to, time_zone: timeZone }: RevenueAnswer, { date }: Formats) {
  const local = (instant: string): string =>
    new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' }).format(new Date(instant));
  return { date: date(local(from).slice(0, 10)), time: local(to).slice(11), zone: timeZone };
}

function roomOf({ nodes }: LiveAnswer): number {
  return nodes.filter(({ fresh, draining }) => fresh && !draining).reduce((sum, { capacity }) => sum + capacity, 0);
}
