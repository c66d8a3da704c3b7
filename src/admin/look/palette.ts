export type Scheme = 'light' | 'dark';

/**
 * Every colour of the panel, by day and by night: the learner's page's own (web/src/styles/tokens.css), and what tables and
 * charts need besides. Style sheets know them as `--ink`, AdminJS's theme by its own names, both from here. Every pair of text and
 * ground has 4.5 : 1 at least (WCAG 2.2 AA), which a test measures on the pages.
 */
const PALETTE = {
  paper: ['#f1f6f5', '#0b1516'],
  surface: ['#ffffff', '#122022'],
  sunken: ['#e5eeec', '#1c2d2f'],
  ink: ['#10211f', '#e8f2f0'],
  'ink-firm': ['#34504c', '#c6d8d5'],
  quiet: ['#4a5e5b', '#9eb5b1'],
  faint: ['#9fb1ae', '#4c6360'],
  line: ['#d3dfdc', '#25393b'],
  'line-strong': ['#7b918d', '#62807c'],

  green: ['#0b6d65', '#43c6b6'],
  'green-deep': ['#0a4f49', '#6fdccd'],
  pale: ['#dcefec', '#143330'],
  /** What is written on a filling of `green`, `bad` or `warn`. */
  'on-fill': ['#ffffff', '#06211e'],

  bad: ['#b92f26', '#ff9488'],
  'bad-deep': ['#8f231c', '#ffb3aa'],
  'bad-soft': ['#fbe7e4', '#3b1d1a'],
  good: ['#1b7040', '#7bd79d'],
  'good-soft': ['#dff2e6', '#14321f'],
  warn: ['#855000', '#f8c678'],
  'warn-soft': ['#fcefd8', '#362a12'],

  // Told apart by those who see few colours: they differ in lightness too. The first four are the theme's.
  'chart-1': ['#0b6d65', '#43c6b6'],
  'chart-2': ['#c98410', '#f5b95c'],
  'chart-3': ['#3f6fb5', '#7fa6ea'],
  'chart-4': ['#b92f26', '#ff8274'],
  'chart-5': ['#7a5ba6', '#a889d8'],
  'chart-6': ['#5b7f2b', '#a5cc70'],
  'chart-7': ['#10211f', '#e8f2f0'],
  'chart-8': ['#d98cb3', '#c76f9d'],
} as const satisfies Readonly<Record<string, readonly [light: string, dark: string]>>;

type Token = keyof typeof PALETTE;

/** In a style sheet, or an attribute of a drawing: follows the scheme by itself. */
export function token(name: Token): string {
  return `var(--${name})`;
}

/** The style sheet that the others take their colours from. Which of two holds, `color-scheme` of the root says. */
export function tokenSheet(): string {
  const lines = Object.entries(PALETTE).map(([name, [light, dark]]) => `  --${name}: light-dark(${light}, ${dark});`);
  return `:root {\n${lines.join('\n')}\n}\n`;
}

/** AdminJS's names. Values and not variables: its components compute darker and paler ones of them. */
export function themeColours(scheme: Scheme): Readonly<Record<string, string>> {
  const of = (name: Token): string => PALETTE[name][scheme === 'light' ? 0 : 1];
  return {
    text: of('ink'),
    border: of('line'),
    primary100: of('green'),
    primary80: scheme === 'light' ? '#2f9088' : '#35b8a8',
    primary60: scheme === 'light' ? '#74b7b1' : '#2c8f84',
    primary40: scheme === 'light' ? '#b3d8d4' : '#1d5f58',
    primary20: of('pale'),
    accent: of('green-deep'),
    love: scheme === 'light' ? '#f2a93b' : '#f5b95c',
    grey100: of('ink'),
    grey80: of('ink-firm'),
    grey60: of('quiet'),
    grey40: of('faint'),
    grey20: of('sunken'),
    // The ground of a card, and the letters on a filled button: in the dark both are dark.
    white: of('surface'),
    black: of('ink'),
    errorDark: of('bad-deep'),
    error: of('bad'),
    errorLight: of('bad-soft'),
    successDark: of('good'),
    success: of('good'),
    successLight: of('good-soft'),
    warningDark: of('warn'),
    warning: of('warn'),
    warningLight: of('warn-soft'),
    infoDark: of('green-deep'),
    info: of('green'),
    infoLight: of('pale'),
    bg: of('paper'),
    filterBg: of('surface'),
    container: of('surface'),
    sidebar: of('surface'),
    inputBorder: of('line-strong'),
    separator: of('line'),
    highlight: of('sunken'),
  };
}
