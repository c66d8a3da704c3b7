/** Where learners and staff are most often; all others come after them. */
const USUAL = [
  'UTC',
  'Europe/Moscow',
  'Europe/Kaliningrad',
  'Asia/Yekaterinburg',
  'Asia/Novosibirsk',
  'Asia/Vladivostok',
];

/** Names of the IANA database as this browser knows them. */
export function timeZones(chosen: string | undefined): readonly string[] {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const first = [...USUAL, here, ...(chosen === undefined ? [] : [chosen])];
  return [...new Set([...first, ...Intl.supportedValuesOf('timeZone')])];
}
