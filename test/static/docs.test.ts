import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';

/** What the documents name is there. */

const ROOT = path.resolve(import.meta.dirname, '../..');
const documents = globSync(['README.md', 'docs/**/*.md', 'native/*/*.md'], { cwd: ROOT }).map((file) => ({
  file,
  text: readFileSync(path.join(ROOT, file), 'utf8'),
}));

/** As web pages of repositories make them: lower case, without punctuation, hyphens for spaces. */
function anchorsOf(text: string): Set<string> {
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\w -]/g, '')
        .replaceAll(' ', '-'),
    ),
  );
}

function missingIn(names: (document: { file: string; text: string }) => string[]): string[] {
  return documents.flatMap((document) => names(document).map((name) => `${document.file}: ${name}`));
}

describe('the documents', () => {
  it('link to what exists', () => {
    const missing = missingIn(({ file, text }) =>
      [...text.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)]
        .map(([, link = '']) => link)
        .filter((link) => {
          const [target = '', anchor] = link.split('#');
          const found = target === '' ? path.join(ROOT, file) : path.resolve(ROOT, path.dirname(file), target);
          return !existsSync(found) || (anchor !== undefined && !anchorsOf(readFileSync(found, 'utf8')).has(anchor));
        }),
    );
    assert.deepEqual(missing, []);
  });

  it('name files and folders that exist, from the checkout or from where they stand', () => {
    const missing = missingIn(({ file, text }) =>
      [...text.matchAll(/`((?:bench|deploy|docs|migrations|native|scripts|src|test|web)\/[\w./-]+)`/g)]
        .map(([, name = '']) => name)
        .filter(
          (name) => ![ROOT, path.join(ROOT, path.dirname(file))].some((from) => existsSync(path.join(from, name))),
        ),
    );
    assert.deepEqual(missing, []);
  });

  it('name verbs and benchmarks that exist', () => {
    const script = readFileSync(path.join(ROOT, 'ailingva'), 'utf8');
    const verbs = new Set([...script.matchAll(/^ {2}\.\/ailingva ([a-z-]+)/gm)].map(([, verb]) => verb));
    const missing = missingIn(({ text }) =>
      [...text.matchAll(/\.\/ailingva ([a-z-]+)(?: ([a-z-]+))?/g)]
        .filter(
          ([, verb, name]) =>
            !verbs.has(verb) ||
            (verb === 'bench' && name !== undefined && !existsSync(path.join(ROOT, 'bench', `${name}.ts`))),
        )
        .map(([words]) => words),
    );
    assert.deepEqual(missing, []);
  });

  it('list every decision', () => {
    const list = readFileSync(path.join(ROOT, 'docs/decisions/README.md'), 'utf8');
    const decisions = globSync('docs/decisions/0*.md', { cwd: ROOT }).map((file) => path.basename(file));
    assert.ok(decisions.length > 20);
    for (const file of decisions) {
      const [, number = '', title = ''] = /^# (\d+)\. (.+)/.exec(
        readFileSync(path.join(ROOT, 'docs/decisions', file), 'utf8'),
      ) ?? [file];
      assert.ok(list.includes(`- ${number} · [${title}](${file})`), `${file} stands in docs/decisions/README.md`);
    }
  });
});
