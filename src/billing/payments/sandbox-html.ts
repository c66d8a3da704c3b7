import { formatRoubles, kopecksOf } from '../money.ts';
import type { SandboxPayment } from './sandbox.ts';

const WORDS = {
  en: {
    title: 'Sandbox payment',
    note: 'This is a sandbox: no money is taken.',
    pay: 'Pay',
    decline: 'Decline',
    paid: 'This payment is paid.',
    declined: 'This payment is declined.',
    back: 'Back',
    unknown: 'There is no such payment.',
    open: 'Open this page.',
    press: 'Press the button.',
    elsewhere: 'Open the page itself.',
  },
  ru: {
    title: 'Учебный платёж',
    note: 'Это песочница: деньги не списываются.',
    pay: 'Оплатить',
    decline: 'Отказаться',
    paid: 'Этот платёж оплачен.',
    declined: 'Этот платёж отклонён.',
    back: 'Назад',
    unknown: 'Такого платежа нет.',
    open: 'Откройте эту страницу.',
    press: 'Нажмите кнопку.',
    elsewhere: 'Откройте саму страницу.',
  },
} as const;

export type SandboxLanguage = keyof typeof WORDS;
export type SandboxRefusal = 'unknown' | 'open' | 'press' | 'elsewhere';

/** The first of `Accept-Language`'s that the page has; its weights stand in their order, as browsers send them. */
export function sandboxLanguage(accepted: string | undefined): SandboxLanguage {
  for (const tag of (accepted ?? '').split(',')) {
    const language = tag.trim().slice(0, 2).toLowerCase();
    if (language === 'en' || language === 'ru') return language;
  }
  return 'en';
}

/** What may be done with the payment, or what was. */
export function paymentPage(payment: SandboxPayment, language: SandboxLanguage): string {
  const words = WORDS[language];
  const about = `<p class="amount">${escape(amountIn(language, payment.amountKopecks))}</p><p class="what">${escape(payment.description)}</p>`;
  if (payment.status !== 'pending') {
    return page(
      language,
      `${about}<p class="note">${payment.status === 'succeeded' ? words.paid : words.declined}</p>` +
        `<a class="button primary" href="${escape(payment.returnUrl)}">${words.back}</a>`,
    );
  }
  const button = (action: 'pay' | 'decline', look: string): string =>
    `<form method="post" action="/sandbox/payments/${payment.id}/${action}">` +
    `<button class="button${look}" type="submit">${words[action]}</button></form>`;
  return page(
    language,
    `${about}<p class="note">${words.note}</p>${button('pay', ' primary')}${button('decline', '')}`,
  );
}

/** Written as the learner's page writes it. */
function amountIn(language: SandboxLanguage, kopecks: number): string {
  return new Intl.NumberFormat(language, {
    style: 'currency',
    currency: 'RUB',
    currencyDisplay: 'narrowSymbol',
    minimumFractionDigits: kopecks % 100 === 0 ? 0 : 2,
  }).format(formatRoubles(kopecksOf(kopecks)) as `${number}`);
}

export function refusalPage(why: SandboxRefusal, language: SandboxLanguage): string {
  return page(language, `<p>${WORDS[language][why]}</p>`);
}

/** The theme that was chosen on the learner's page holds here too: its `first-paint.js` sets it. */
function page(language: SandboxLanguage, body: string): string {
  const { title } = WORDS[language];
  return (
    `<!doctype html><html lang="${language}"><head><meta charset="utf-8">` +
    `<meta name="viewport" content="width=device-width, initial-scale=1"><title>${title} · AIlingva</title>` +
    `<link rel="icon" href="/favicon.svg"><link rel="stylesheet" href="/sandbox/style.css">` +
    `<script src="/first-paint.js"></script></head><body>` +
    `<p class="brand"><img src="/favicon.svg" alt=""><span><b>AI</b>lingva</span></p>` +
    `<main><h1>${title}</h1>${body}</main></body></html>`
  );
}

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
