/** As en/values.ts. */
export const valueWords = {
  Values: {
    min: 'мин',
    /** What has no name of its own. */
    of: {
      calls: 'Разговор: {{time}}',
      ledger: 'Движение: {{time}}',
      payments: 'Платёж: {{time}}',
      referrals: 'Приглашение: {{time}}',
    },
  },
};
