import { auditWords } from './ru/audit.ts';
import { adminjsRu } from './adminjs-ru.ts';
import { jobsPage, jobsWords } from './ru/jobs.ts';
import { menu } from './ru/menu.ts';
import { buttons, messages } from './ru/messages.ts';
import { money } from './ru/money.ts';
import { figurePages, figureWords } from './ru/pages.ts';
import { people } from './ru/people.ts';
import { rulesPage, rulesWords } from './ru/rules.ts';
import { settingsPage, settingsWords } from './ru/settings.ts';
import { system } from './ru/system.ts';
import { talks } from './ru/talks.ts';
import { valueWords } from './ru/values.ts';

/** As en.ts, in Russian, with AdminJS's own words, which it does not have; a test compares their keys. */
export const ru = {
  ...adminjsRu,
  buttons: { ...adminjsRu.buttons, ...buttons },
  labels: { ...adminjsRu.labels, ...menu },
  messages: { ...adminjsRu.messages, ...messages },
  resources: { ...people, ...money, ...talks, ...system },
  pages: { ...figurePages, ...jobsPage, ...rulesPage, ...settingsPage },
  components: {
    ...adminjsRu.components,
    Select: { choose: 'Выберите …', none: 'Ничего не найдено', loading: 'Поиск …' },
    ...figureWords,
    ...jobsWords,
    ...auditWords,
    ...rulesWords,
    ...settingsWords,
    ...valueWords,
  },
};
