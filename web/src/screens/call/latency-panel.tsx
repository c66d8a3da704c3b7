import { useState } from 'react';
import type { TurnLatency } from '../../../../src/media/protocol.ts';
import { barsOf } from '../../call/latencies.ts';
import { ChevronIcon } from '../../components/icons.tsx';
import { useI18n } from '../../i18n/i18n.ts';

/** Where a reply's time went: one row a stage, one bar after the other. The newest reply, until another is chosen. */
export function LatencyPanel({ id, latencies }: { readonly id: string; readonly latencies: readonly TurnLatency[] }) {
  const { t } = useI18n();
  const [chosen, setChosen] = useState<number>();
  const last = latencies.length - 1;
  const chosenAt = latencies.findIndex(({ turn }) => turn === chosen);
  const at = chosenAt === -1 ? last : chosenAt;
  const latency = latencies[at];
  // Whoever goes back to the newest follows it again.
  const choose = (index: number) => setChosen(index === last ? undefined : latencies[index]?.turn);
  return (
    <section id={id} className="latency" aria-label={t('call.latency.title')}>
      {latency === undefined ? (
        <p className="latency-empty">{t('call.latency.none')}</p>
      ) : (
        <>
          <div className="latency-head">
            <button
              type="button"
              className="icon-button older"
              aria-label={t('call.latency.older')}
              aria-disabled={at === 0}
              onClick={() => at > 0 && choose(at - 1)}
            >
              <ChevronIcon size={18} />
            </button>
            <p>{t('call.latency.turn', { number: at + 1, count: latencies.length })}</p>
            <button
              type="button"
              className="icon-button"
              aria-label={t('call.latency.newer')}
              aria-disabled={at === last}
              onClick={() => at < last && choose(at + 1)}
            >
              <ChevronIcon size={18} />
            </button>
          </div>
          <Waterfall latency={latency} />
        </>
      )}
    </section>
  );
}

function Waterfall({ latency }: { readonly latency: TurnLatency }) {
  const { t } = useI18n();
  const bars = barsOf(latency);
  const { stop_ms: stopMs } = latency;
  const widestMs = Math.max(1, bars.at(-1)?.toMs ?? 0, stopMs ?? 0);
  return (
    <table className="latency-rows">
      <caption className="unseen">{t('call.reply_title')}</caption>
      <tbody>
        {bars.map(({ stage, fromMs, toMs }) => (
          <Row key={stage} name={t(`call.latency.${stage}`)} {...{ stage, fromMs, toMs, widestMs }} />
        ))}
        {stopMs !== undefined && (
          <Row name={t('call.latency.stop')} stage="stop" fromMs={0} toMs={stopMs} widestMs={widestMs} />
        )}
      </tbody>
    </table>
  );
}

function Row(props: {
  readonly name: string;
  readonly stage: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly widestMs: number;
}) {
  const { t, number } = useI18n();
  const { name, stage, fromMs, toMs, widestMs } = props;
  const percent = (ms: number) => `${(100 * ms) / widestMs}%`;
  return (
    <tr data-stage={stage}>
      <th scope="row">{name}</th>
      <td className="latency-track" aria-hidden="true">
        <i style={{ insetInlineStart: percent(fromMs), width: percent(toMs - fromMs) }} />
      </td>
      <td className="latency-ms">{t('call.latency.ms', { ms: number(toMs) })}</td>
    </tr>
  );
}
