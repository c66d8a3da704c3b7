import React, { useEffect, useLayoutEffect, useState } from 'react';
import { Link } from 'react-router-dom';
import type { LiveAnswer, LiveCall } from './answers.ts';
import { Empty } from './parts.tsx';
import { useWords } from './words.ts';

interface LiveCallsProps {
  readonly answer: LiveAnswer;
  /** The call whose captions are open. */
  readonly reading: string | undefined;
  readonly onRead: (call: LiveCall) => void;
}

/** Who is in a call, with whom of the engines, and for how long. */
export function LiveCalls({ answer, reading, onRead }: LiveCallsProps) {
  const { say, formats } = useWords('Live');
  const { say: sayFigures } = useWords('Figures');
  const passed = useSecondsSince(answer.at);
  const { calls } = answer;
  if (calls.length === 0) return <Empty>{say('none')}</Empty>;
  const status = (call: LiveCall): string => (call.end_requested ? 'ending' : call.status);
  return (
    <>
      {calls.length < answer.calls_count && (
        <p className="fg-quiet">{say('some', { shown: calls.length, number: answer.calls_count })}</p>
      )}
      <div className="fg-scroll" role="region" aria-label={say('calls')} tabIndex={0}>
        <table className="fg-table">
          <thead>
            <tr>
              {['learner', 'status', 'lesson', 'engine', 'node'].map((name) => (
                <th key={name} scope="col" className="fg-text">
                  {say(name)}
                </th>
              ))}
              <th scope="col">{say('lasts')}</th>
              <th scope="col" aria-label={say('captions')} />
            </tr>
          </thead>
          <tbody>
            {calls.map((call) => (
              <tr key={call.call_id} data-call={call.call_id}>
                <th scope="row">
                  <Link to={`/admin/resources/calls/records/${call.call_id}/show`}>{call.email}</Link>
                </th>
                <td className="fg-text">
                  <span className={`fg-mark${status(call) === 'live' ? ' fg-mark-good' : ''}`}>
                    {say(`statuses.${status(call)}`)}
                  </span>
                  {call.channel === 'http' && ` ${say('byHttp')}`}
                </td>
                <td className="fg-text">
                  {sayFigures(`languages.${call.language}`, { defaultValue: call.language })}
                  <br />
                  <small>{say(`levels.${call.level}`, { defaultValue: call.level })}</small>
                </td>
                <td className="fg-text">{call.engine || '—'}</td>
                <td className="fg-text">{call.node_id}</td>
                <td>{formats.duration(call.lasts_sec + passed)}</td>
                <td>
                  <button
                    type="button"
                    className="fg-link"
                    aria-pressed={reading === call.call_id}
                    onClick={() => onRead(call)}
                  >
                    {say('readAlong')}
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

/** Durations go on between two answers. */
function useSecondsSince(instant: string): number {
  const [arrivedMs, setArrived] = useState(() => performance.now());
  const [nowMs, setNow] = useState(() => performance.now());
  // Before it is painted: the new duration and the old seconds would be added for a moment.
  useLayoutEffect(() => {
    setArrived(performance.now());
    setNow(performance.now());
  }, [instant]);
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return Math.max(0, Math.floor((nowMs - arrivedMs) / 1_000));
}
