import React from 'react';
import { Link } from 'react-router-dom';
import type { AttentionAnswer } from './answers.ts';
import { useRole } from './role.ts';
import { useWords } from './words.ts';

/** Where a concern is looked into, and by whom. */
const PLACES: Readonly<Record<string, { readonly to: string; readonly roles: readonly string[] }>> = {
  engines_failed: {
    to: '/admin/resources/calls?filters.end_reason=engine_failed',
    roles: ['admin', 'support'],
  },
  payments_undecided: { to: '/admin/resources/payments?filters.status=mismatch', roles: ['admin', 'support'] },
  engines_replaced: { to: '/admin/pages/latency', roles: ['admin', 'support', 'analyst'] },
  calls_lost: { to: '/admin/resources/calls?filters.end_reason=node_lost', roles: ['admin', 'support'] },
  no_media_node: { to: '/admin/resources/nodes', roles: ['admin', 'support', 'analyst'] },
  nodes_silent: { to: '/admin/resources/nodes', roles: ['admin', 'support', 'analyst'] },
  media_full: { to: '/admin/pages/live', roles: ['admin', 'support'] },
  jobs_dead: { to: '/admin/pages/jobs', roles: ['admin'] },
  jobs_waiting: { to: '/admin/pages/live', roles: ['admin', 'support'] },
};

/** What somebody should look at, each with what it means and where to go. */
export function AttentionList({ answer }: { readonly answer: AttentionAnswer }) {
  const { say } = useWords('Dashboard');
  const { concerns, unchecked } = answer;
  return (
    <>
      {concerns.length === 0 && unchecked.length === 0 && <p className="fg-good">{say('allWell')}</p>}
      {concerns.length > 0 && (
        <ul className="fg-concerns">
          {concerns.map((concern) => (
            <ConcernItem key={concern.code} concern={concern} />
          ))}
        </ul>
      )}
      {unchecked.length > 0 && (
        <p className="fg-quiet" role="alert">
          {say('unchecked', { parts: unchecked.map((check) => say(`checks.${check}`)).join(', ') })}
        </p>
      )}
    </>
  );
}

function ConcernItem({ concern }: { readonly concern: AttentionAnswer['concerns'][number] }) {
  const { say, formats } = useWords('Dashboard');
  const { code, severity, count, parts } = concern;
  const named = parts.map(
    ({ name, count: number }) => `${say(`parts.${name}`, { defaultValue: name })}: ${formats.count(number)}`,
  );
  // A part that is all of it says nothing more, unless it has a name of its own.
  const telling = code === 'engines_failed' ? [] : named;
  return (
    <li className={`fg-concern fg-concern-${severity}`} data-concern={code} data-count={count}>
      <span className={`fg-mark ${severity === 'error' ? 'fg-mark-bad' : 'fg-mark-warn'}`}>
        {say(`severity.${severity}`)}
      </span>
      <strong>
        {parts.length > 0 ? `${say(`concerns.${code}`)}: ${formats.count(count)}` : say(`concerns.${code}`)}
      </strong>
      <Way code={code} />
      <p>
        {telling.length > 0 && `${telling.join(', ')}. `}
        {say(`advice.${code}`)}
      </p>
    </li>
  );
}

function Way({ code }: { readonly code: string }) {
  const { say } = useWords('Dashboard');
  const role = useRole();
  const place = PLACES[code];
  if (!place?.roles.includes(role)) return <span />;
  return (
    <Link className="fg-button" to={place.to}>
      {say('look')}
    </Link>
  );
}
