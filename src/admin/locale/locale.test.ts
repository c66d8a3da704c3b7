import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { locales } from 'adminjs';
import { DELETION_REASONS } from '../../accounts/index.ts';
import { PANEL_PAGES } from '../pages/list.ts';
import { AUDIT_ACTIONS } from '../resources/audit.ts';
import { panelTables } from '../resources/index.ts';
import { en } from './en.ts';
import { ru } from './ru.ts';

type Words = { readonly [key: string]: string | Words };

function keysOf(words: Words, prefix = ''): string[] {
  return Object.entries(words).flatMap(([key, value]) =>
    typeof value === 'string' ? [prefix + key] : keysOf(value, `${prefix}${key} ▸ `),
  );
}

function textsOf(words: Words): string[] {
  return Object.values(words).flatMap((value) => (typeof value === 'string' ? [value] : textsOf(value)));
}

const adminjsKeys = keysOf((locales as Readonly<Record<string, Words>>)['en'] ?? {});
// English stands in AdminJS's own words and ours, Russian in ours alone.
const english = new Set([...adminjsKeys, ...keysOf(en)]);
const russian = new Set(keysOf(ru));

describe('the words of the panel', () => {
  it('are the same in both languages, those of AdminJS itself too', () => {
    assert.ok(adminjsKeys.length > 90);
    assert.deepEqual(
      [...english].filter((key) => !russian.has(key)),
      [],
    );
    assert.deepEqual(
      [...russian].filter((key) => !english.has(key)),
      // How a language calls itself, where AdminJS does not know it.
      [],
    );
  });

  it('are all said, and Russian in Russian letters', () => {
    assert.deepEqual(
      [...textsOf(en), ...textsOf(ru)].filter((text) => text.trim() === ''),
      [],
    );
    const latin = textsOf(ru).filter((text) => !/[а-яё]/i.test(text));
    assert.deepEqual(latin, ['English', 'S3']);
  });

  it('name every table, column, choice, action and page', () => {
    const tables = panelTables({} as never);
    const missing: string[] = [];
    const need = (key: string): void => {
      for (const [language, known] of Object.entries({ en: english, ru: russian })) {
        if (!known.has(key)) missing.push(`${language}: ${key}`);
      }
    };
    for (const table of tables) {
      need(`labels ▸ ${table.id}`);
      need(`labels ▸ ${table.section}`);
      need(`resources ▸ ${table.id} ▸ messages ▸ noRecordsInResource`);
      for (const name of new Set([...table.list, ...table.show, ...table.filter])) {
        need(`resources ▸ ${table.id} ▸ properties ▸ ${name}`);
        const column = table.columns[name];
        if (column?.type === 'flag') {
          need(`labels ▸ ${name}.true`);
          need(`labels ▸ ${name}.false`);
        }
        if (column?.type === 'choice') {
          for (const choice of column.choices) need(`resources ▸ ${table.id} ▸ labels ▸ ${name}.${choice}`);
        }
      }
      for (const action of table.actions ?? []) {
        need(`resources ▸ ${table.id} ▸ actions ▸ ${action.name}`);
        need(`resources ▸ ${table.id} ▸ messages ▸ ${action.name}.about`);
        for (const field of action.fields) {
          need(`resources ▸ ${table.id} ▸ properties ▸ ${action.name}.${field.name}`);
          for (const choice of field.choices ?? []) need(`resources ▸ ${table.id} ▸ labels ▸ ${field.name}.${choice}`);
        }
      }
    }
    for (const { name } of PANEL_PAGES) need(`pages ▸ ${name}`);
    assert.deepEqual(missing, []);
  });

  it('name whatever is written to the audit log', () => {
    const source = path.join(import.meta.dirname, '../..');
    const written = globSync('**/*.ts', { cwd: source, exclude: ['**/*.test.ts', 'testing/**'] }).flatMap((file) => {
      const text = readFileSync(path.join(source, file), 'utf8');
      if (!text.includes('writeAudit(')) return [];
      return [...text.matchAll(/'([a-z]+(?:_[a-z]+)*\.[a-z]+(?:_[a-z]+)*)'/g)].flatMap(([, action]) => action ?? []);
    });
    assert.ok(written.length > 15);
    const known: ReadonlySet<string> = new Set(AUDIT_ACTIONS);
    assert.deepEqual(
      // Locks have such names too.
      [...new Set(written)].filter((action) => !known.has(action) && !action.startsWith('ailingva.')),
      [],
    );
  });

  it('name every job, and the words of ours in an entry of the audit log', () => {
    const definitions = readFileSync(path.join(import.meta.dirname, '../../jobs/definitions.ts'), 'utf8');
    const jobs = [...definitions.matchAll(/^ {2}'([a-z-]+)': \{/gm)].map(([, job = '']) => job);
    assert.ok(jobs.length > 5);
    const choicesOf = (table: string, name: string): readonly string[] => {
      const column = panelTables({} as never).find(({ id }) => id === table)?.columns[name];
      assert.ok(column?.type === 'choice');
      return column.choices;
    };
    const values = [
      ...DELETION_REASONS,
      ...choicesOf('users', 'role'),
      ...choicesOf('users', 'level'),
      ...choicesOf('referrals', 'status'),
      // These two are never taken back as an entry.
      ...choicesOf('ledger', 'type').filter((type) => type !== 'deposit' && type !== 'reversal'),
    ];
    const repaired = ['balance', 'held', 'sequence', 'adjustment', 'lots', 'allocations', 'holds', 'debts'];
    const needed = [
      ...jobs.map((job) => `components ▸ Jobs ▸ jobNames ▸ ${job}`),
      ...values.map((value) => `components ▸ Audit ▸ values ▸ ${value}`),
      ...[...repaired, 'name_ru'].map((name) => `components ▸ Audit ▸ names ▸ ${name}`),
    ];
    assert.deepEqual(
      needed.filter((key) => !english.has(key)),
      [],
    );
  });

  it('name whatever the pages say', () => {
    const folder = path.join(import.meta.dirname, '../components');
    const missing = globSync('**/*.tsx', { cwd: folder }).flatMap((file) => {
      const text = readFileSync(path.join(folder, file), 'utf8');
      const groups = [...text.matchAll(/useWords\('(\w+)'\)/g)].map(([, group = '']) => group);
      const keys = [...text.matchAll(/\bsay\('([\w.]+)'/g)].map(([, key = '']) => key.replaceAll('.', ' ▸ '));
      if (groups.length === 0) return [];
      // A table's own page says what its table says.
      const places = [...groups.map((group) => `components ▸ ${group}`), 'resources ▸ calls ▸ messages'];
      const known = (key: string): boolean => places.some((place) => english.has(`${place} ▸ ${key}`));
      return keys.filter((key) => !known(key)).map((key) => `${file}: ${key}`);
    });
    assert.deepEqual(missing, []);
  });
});
