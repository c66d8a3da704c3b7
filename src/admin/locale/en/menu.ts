/** The menu: sections and tables. */
export const menu = {
  users: 'Users',
  referrals: 'Referrals',
  calls: 'Calls',
  recordings: 'Recordings',
  payments: 'Payments',
  packages: 'Packages',
  ledger: 'Ledger',
  usage: 'Usage',
  system_rules: 'System rules',
  settings: 'Settings',
  nodes: 'Media nodes',
  audit: 'Audit log',
  people: 'People',
  money: 'Money',
  talks: 'Calls',
  system: 'System',
};
