/** The menu: sections and tables. */
export const menu = {
  users: 'Пользователи',
  referrals: 'Приглашения',
  calls: 'Разговоры',
  recordings: 'Записи',
  payments: 'Платежи',
  packages: 'Пакеты',
  ledger: 'Движения минут',
  usage: 'Учёт разговоров',
  system_rules: 'Правила преподавателя',
  settings: 'Настройки',
  nodes: 'Медиа-узлы',
  audit: 'Журнал действий',
  people: 'Люди',
  money: 'Деньги',
  talks: 'Разговоры',
  system: 'Система',
};
