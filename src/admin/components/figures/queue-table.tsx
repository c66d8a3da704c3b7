import React from 'react';
import type { QueuesAnswer } from './answers.ts';
import { useWords } from './words.ts';

const COUNTS = ['waiting', 'active', 'delayed', 'dead', 'done'] as const;

/** What waits in the queues, and what was given up. */
export function QueueTable({ queues }: { readonly queues: QueuesAnswer }) {
  const { say, formats } = useWords('Live');
  return (
    <div className="fg-scroll" role="region" aria-label={say('queues')} tabIndex={0}>
      <table className="fg-table">
        <thead>
          <tr>
            <th scope="col">{say('queue')}</th>
            {COUNTS.map((name) => (
              <th key={name} scope="col">
                {say(name)}
              </th>
            ))}
            <th scope="col">{say('oldest')}</th>
          </tr>
        </thead>
        <tbody>
          {queues.map((row) => (
            <tr key={row.queue} data-row={row.queue}>
              <th scope="row">{say(`queueNames.${row.queue}`, { defaultValue: row.queue })}</th>
              {COUNTS.map((name) => (
                <td key={name} data-value={row[name]}>
                  {name === 'dead' && row.dead > 0 ? (
                    <span className="fg-mark fg-mark-bad">{formats.count(row.dead)}</span>
                  ) : (
                    formats.count(row[name])
                  )}
                </td>
              ))}
              <td>{formats.duration(row.oldest_waiting_sec)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
