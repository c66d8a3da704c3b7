import { useState } from 'react';
import type { FormEvent } from 'react';
import { describeError } from '../../app/error-text.ts';
import { useServices } from '../../app/services.ts';
import { statementPeriod, statementSpans } from '../../billing/statement-period.ts';
import type { StatementSpan } from '../../billing/statement-period.ts';
import { DownloadIcon } from '../../components/icons.tsx';
import { useI18n } from '../../i18n/i18n.ts';

/** The history as a file for a spreadsheet. */
export function StatementForm() {
  const { api } = useServices();
  const i18n = useI18n();
  const { t } = i18n;
  const [span, setSpan] = useState<StatementSpan>('this_month');
  const [working, setWorking] = useState(false);
  const [error, setError] = useState<unknown>();

  async function download(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (working) return;
    setWorking(true);
    setError(undefined);
    try {
      const period = statementPeriod(span, new Date(), new Intl.DateTimeFormat().resolvedOptions().timeZone);
      save(await api.statement(period), `ailingva-${period.from_date}-${period.to_date}.csv`);
    } catch (thrown) {
      setError(thrown);
    } finally {
      setWorking(false);
    }
  }

  return (
    <form className="statement" onSubmit={(event) => void download(event)}>
      <label htmlFor="statement-span">{t('statement.label')}</label>
      <select
        id="statement-span"
        className="select"
        value={span}
        onChange={(event) => setSpan(event.target.value as StatementSpan)}
      >
        {statementSpans.map((value) => (
          <option key={value} value={value}>
            {t(`statement.${value}`)}
          </option>
        ))}
      </select>
      <button type="submit" className="button quiet" aria-disabled={working}>
        <DownloadIcon size={20} /> {t('statement.download')}
      </button>
      <div role="alert" className="statement-error">
        {error !== undefined && <p className="callout bad">{describeError(i18n, error)}</p>}
      </div>
    </form>
  );
}

/** A file that was asked for with a token cannot be a plain link. */
function save(file: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  // The browser has taken what it needs once the click is handled; Safari a little later.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
