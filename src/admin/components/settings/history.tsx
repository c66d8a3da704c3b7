import React from 'react';
import { useAnswer } from '../figures/ask.ts';
import { AnswerView } from '../figures/parts.tsx';
import { useWords } from '../figures/words.ts';
import { SETTINGS, type SettingAnswer, type SettingHistory } from './answers.ts';
import { written } from './values.ts';

/** Who set what, and when. */
export function History({ setting }: { readonly setting: SettingAnswer }) {
  const words = useWords('Settings');
  const { say, formats } = words;
  const asked = useAnswer<SettingHistory>(`${SETTINGS}/${setting.key}/history?of=${setting.version ?? ''}`);
  return (
    <AnswerView asked={asked}>
      {({ changes }) => (
        <div className="fg-scroll" role="region" aria-label={say('history')} tabIndex={0}>
          <table className="fg-table kp-history">
            <thead>
              <tr>
                <th scope="col">{say('when')}</th>
                <th scope="col" className="fg-text">
                  {say('who')}
                </th>
                <th scope="col" className="fg-text">
                  {say('what')}
                </th>
              </tr>
            </thead>
            <tbody>
              {changes.map((change) => (
                <tr key={change.version}>
                  <td className="fg-text">{formats.instant(change.changed_at)}</td>
                  <td className="fg-text">{change.changed_by ?? say('commandLine')}</td>
                  <td className="fg-text">
                    {change.reset ? say('backToDefault') : written(change.value, setting, words)}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </AnswerView>
  );
}
