/** How values are written in lists and records. */
export const valueWords = {
  Values: {
    min: 'min',
    /** What has no name of its own. */
    of: {
      calls: 'Call of {{time}}',
      ledger: 'Row of {{time}}',
      payments: 'Payment of {{time}}',
      referrals: 'Invitation of {{time}}',
    },
  },
};
