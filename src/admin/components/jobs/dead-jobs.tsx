import React, { useState } from 'react';
import { Link } from 'react-router-dom';
import type { DeadJobsAnswer } from '../figures/answers.ts';
import { useWords } from '../figures/words.ts';
import { Confirmed } from '../keeping/confirmed.tsx';
import { DoneNote, RefusedNote } from '../keeping/parts.tsx';
import { send } from '../keeping/send.ts';
import { useDeed } from '../keeping/use-deed.ts';

const COLUMNS = ['failedAt', 'job', 'error', 'attempts', 'told'] as const;

interface DeadJobsProps {
  readonly jobs: DeadJobsAnswer;
  readonly onReplayed: () => void;
}

/** What was given up, each with its cause. */
export function DeadJobs({ jobs, onReplayed }: DeadJobsProps) {
  const { say, formats } = useWords('Jobs');
  const deed = useDeed();
  const [done, setDone] = useState<'replayed' | 'deadNoMore'>();
  const replay = async (id: string): Promise<void> => {
    setDone(undefined);
    await deed.run(async () => {
      const address = `/admin/data/jobs/dead/${encodeURIComponent(id)}/replay`;
      const { replayed } = await send<{ readonly replayed: boolean }>(address, {});
      setDone(replayed ? 'replayed' : 'deadNoMore');
    });
    // Whatever became of it: what is there now is shown.
    onReplayed();
  };
  return (
    <>
      {deed.refused && <RefusedNote refused={deed.refused} />}
      {done !== undefined && <DoneNote>{say(done)}</DoneNote>}
      <div className="fg-scroll" role="region" aria-label={say('dead')} tabIndex={0}>
        <table className="fg-table kp-dead">
          <thead>
            <tr>
              {COLUMNS.map((name) => (
                <th key={name} scope="col" className="fg-text">
                  {say(name)}
                </th>
              ))}
              <th scope="col" className="fg-text">
                {say('deed')}
              </th>
            </tr>
          </thead>
          <tbody>
            {jobs.map((row) => (
              <tr key={row.id} data-dead={row.id}>
                <th scope="row">{formats.instant(row.failed_at)}</th>
                <td className="fg-text">
                  {say(`jobNames.${row.job}`, { defaultValue: row.job })} <code>{row.job}</code>
                </td>
                <td className="fg-text kp-cause">{row.error}</td>
                <td className="fg-text">{formats.count(row.attempts)}</td>
                <td className="fg-text">
                  <Told payload={row.payload} />
                </td>
                <td className="fg-text">
                  <Confirmed label={say('replay')} busy={deed.busy} onSure={() => void replay(row.id)} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

/** What the job is about. */
function Told({ payload }: { readonly payload: Readonly<Record<string, unknown>> | null }) {
  const { say } = useWords('Jobs');
  const callId = payload?.['callId'];
  if (typeof callId === 'string') {
    return <Link to={`/admin/resources/calls/records/${encodeURIComponent(callId)}/show`}>{say('call')}</Link>;
  }
  return payload !== null && Object.keys(payload).length > 0 ? <code>{JSON.stringify(payload)}</code> : <>–</>;
}
