import { auditWords } from './en/audit.ts';
import { jobsPage, jobsWords } from './en/jobs.ts';
import { menu } from './en/menu.ts';
import { buttons, messages } from './en/messages.ts';
import { money } from './en/money.ts';
import { figurePages, figureWords } from './en/pages.ts';
import { people } from './en/people.ts';
import { rulesPage, rulesWords } from './en/rules.ts';
import { settingsPage, settingsWords } from './en/settings.ts';
import { system } from './en/system.ts';
import { talks } from './en/talks.ts';
import { valueWords } from './en/values.ts';

/** What AdminJS does not say, or says otherwise than we want. Its other English words are its own. */
export const en = {
  actions: { show: 'Details' },
  buttons,
  labels: menu,
  messages,
  resources: { ...people, ...money, ...talks, ...system },
  /** Titles of pages, by name. */
  pages: { ...figurePages, ...jobsPage, ...rulesPage, ...settingsPage },
  components: {
    ...figureWords,
    ...jobsWords,
    ...auditWords,
    ...rulesWords,
    ...settingsWords,
    ...valueWords,
    Select: { choose: 'Choose …', none: 'Nothing found', loading: 'Searching …' },
    LanguageSelector: { availableLanguages: { en: 'English', ru: 'Русский' } },
    Login: {
      welcomeHeader: 'Back office',
      welcomeMessage: 'For staff of AIlingva: accounts, minutes, calls and what they earn.',
      properties: { email: 'E-mail', password: 'Password' },
      loginButton: 'Sign in',
      forgotPassword: 'Forgot password?',
    },
  },
};
