import { H2 } from '@adminjs/design-system';
import { useTranslation } from 'adminjs';
import React, { useState } from 'react';
import { useAnswer } from './figures/ask.ts';
import { AnswerView, Empty, Section } from './figures/parts.tsx';
import { useWords } from './figures/words.ts';
import { SETTINGS, type SettingAnswer, type SettingsAnswer } from './settings/answers.ts';
import { SettingRow } from './settings/setting-row.tsx';

/** What can be changed while the house runs, room by room. */
export default function Settings() {
  const { translatePage } = useTranslation();
  const { say } = useWords('Settings');
  const asked = useAnswer<SettingsAnswer>(SETTINGS);
  const [sought, setSought] = useState('');
  const [changedOnly, setChangedOnly] = useState(false);
  return (
    <div className="fg-page" data-testid="settings">
      <H2>{translatePage('settings')}</H2>
      <p className="fg-quiet">{say('about')}</p>
      <div className="fg-bar">
        <label className="fg-field" htmlFor="sought">
          <span>{say('search')}</span>
          <input id="sought" type="search" value={sought} onChange={(event) => setSought(event.target.value)} />
        </label>
        <label className="fg-check">
          <input type="checkbox" checked={changedOnly} onChange={() => setChangedOnly(!changedOnly)} />
          {say('changedOnly')}
        </label>
      </div>
      <AnswerView asked={asked}>
        {({ settings, engines }) => {
          const shown = settings.filter((setting) => has(setting, sought) && !(changedOnly && setting.is_default));
          if (shown.length === 0) return <Empty>{say(sought === '' ? 'noneChanged' : 'noneFound')}</Empty>;
          const rooms = [...new Set(shown.map(({ room }) => room))];
          return (
            <>
              {rooms.map((room) => (
                <Section key={room} id={`room-${room}`} title={say(`rooms.${room}`, { defaultValue: room })}>
                  {shown
                    .filter((setting) => setting.room === room)
                    .map((setting) => (
                      <SettingRow key={setting.key} setting={setting} engines={engines} onChanged={asked.askAgain} />
                    ))}
                </Section>
              ))}
            </>
          );
        }}
      </AnswerView>
    </div>
  );
}

function has({ key, description }: SettingAnswer, sought: string): boolean {
  const wanted = sought.trim().toLowerCase();
  return [key, description.en, description.ru].some((text) => text.toLowerCase().includes(wanted));
}
