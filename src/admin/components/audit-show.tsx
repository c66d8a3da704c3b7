import { useTranslation, type ActionProps } from 'adminjs';
import React from 'react';
import { Link } from 'react-router-dom';
import { isOurWord, readDeed, type Deed } from './audit/difference.ts';
import { Section } from './figures/parts.tsx';
import { useWords } from './figures/words.ts';

/** Where what a deed was done to can be looked at. */
const RECORDS: Readonly<Record<string, string>> = {
  user: 'users',
  call: 'calls',
  payment: 'payments',
  referral: 'referrals',
  ledger_entry: 'ledger',
  billing_package: 'packages',
  media_node: 'nodes',
};
const PAGES: Readonly<Record<string, string>> = {
  setting: 'settings',
  system_rule: 'rules',
  job: 'jobs',
  analytics: 'jobs',
};

/** One entry of the audit log, for people: who did what to what, from where, and what it was before and after. */
export default function AuditShow({ record, resource }: ActionProps) {
  const { translateProperty, translateLabel } = useTranslation();
  const { formats } = useWords('Audit');
  if (!record) return null;
  const { params, populated } = record;
  const textOf = (name: string): string => String(params[name] ?? '');
  const choiceOf = (name: string): string =>
    translateLabel(`${name}.${textOf(name)}`, resource.id, { defaultValue: textOf(name) });
  const actor = populated['actor_id'];
  const facts: readonly (readonly [string, React.ReactNode])[] = [
    ['created_at', formats.dateAndTime(textOf('created_at'))],
    [
      'actor_id',
      actor ? <Link to={recordAt('users', actor.id)}>{actor.title}</Link> : <Nobody id={textOf('actor_id')} />,
    ],
    ['action', choiceOf('action')],
    ['subject_type', choiceOf('subject_type')],
    ['subject_id', <Subject key="subject" type={textOf('subject_type')} id={textOf('subject_id')} />],
    ['ip', textOf('ip') || '–'],
  ];
  return (
    <div className="fg-page" data-testid="audit-entry">
      <Section title={choiceOf('action')}>
        <table className="fg-table fg-facts">
          <tbody>
            {facts.map(([name, value]) => (
              <tr key={name} data-fact={name}>
                <th scope="row">{translateProperty(name, resource.id)}</th>
                <td className="fg-text">{value}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Section>
      <Changes deed={readDeed(textOf('details'))} />
    </div>
  );
}

function Changes({ deed }: { readonly deed: Deed }) {
  const { changes, others } = deed;
  const { say } = useWords('Audit');
  const nameOf = (name: string): string => say(`names.${name}`, { defaultValue: name });
  const valueOf = (name: string, value: string): string =>
    isOurWord(deed, name, value) ? say(`values.${value}`, { defaultValue: value }) : value;
  return (
    <>
      {changes.length > 0 && (
        <Section title={say('changed')} id="changes">
          <div className="fg-scroll">
            <table className="fg-table">
              <thead>
                <tr>
                  {['what', 'before', 'after'].map((name) => (
                    <th key={name} scope="col" className="fg-text">
                      {say(name)}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {changes.map(({ name, before, after, same }) => (
                  <tr key={name} data-change={name}>
                    <th scope="row">{nameOf(name)}</th>
                    <td className="fg-text kp-text">{valueOf(name, before)}</td>
                    <td className="fg-text kp-text">
                      {same ? valueOf(name, after) : <strong>{valueOf(name, after)}</strong>}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </Section>
      )}
      {others.length > 0 && (
        <Section title={say('others')} id="others">
          <table className="fg-table fg-facts">
            <tbody>
              {others.map(({ name, value }) => (
                <tr key={name} data-detail={name}>
                  <th scope="row">{nameOf(name)}</th>
                  <td className="fg-text kp-text">{valueOf(name, value)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Section>
      )}
    </>
  );
}

/** Without an actor it was an operator at the command line. */
function Nobody({ id }: { readonly id: string }) {
  const { say } = useWords('Audit');
  return <>{id === '' ? say('operator') : id}</>;
}

function Subject({ type, id }: { readonly type: string; readonly id: string }) {
  const [table, page] = [RECORDS[type], PAGES[type]];
  if (table !== undefined) return <Link to={recordAt(table, id)}>{id}</Link>;
  return page === undefined ? <>{id}</> : <Link to={`/admin/pages/${page}`}>{id}</Link>;
}

function recordAt(table: string, id: string): string {
  return `/admin/resources/${table}/records/${encodeURIComponent(id)}/show`;
}
