import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** Documents, and folders whose files have comments, messages and names that people read. */
const DOCUMENTS = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'docs', 'test/README.md'];
const SOURCES = [
  'src',
  'workflows',
  'activities',
  'test',
  'bin',
  'sql',
  'bench',
  'daybook.config.ts',
  'docker-compose.yml',
];

/** Words with a better one in the field; see the style section of CONTRIBUTING.md. */
const DROPPED = new RegExp(
  String.raw`\b(${[
    'mend(s|ed|ing)?|heal(s|ed|ing)?|anew|afresh|nobody|somebody|whoever|stands?|tells?|told',
    '(take|takes|taken|took) back|forgotten attempt|archived no more|left open|in a circle|under way',
    'any ?more|for ever|once more|goes? on|wants? a look|lies? beside',
  ].join('|')})\b`,
  'gi',
);

const repository = new URL('../../', import.meta.url);

/** This file, which has to list the words. */
const OWN = 'test/unit/language.test.ts';

/** Lists a file, or the text files of a folder and its subfolders. */
const filesIn = (path: string): string[] =>
  path.includes('.')
    ? [path]
    : readdirSync(new URL(path, repository), { recursive: true, encoding: 'utf8' })
        .filter((name) => /\.(ts|js|sql|md)$/.test(name))
        .map((name) => `${path}/${name}`)
        .filter((file) => file !== OWN);

/** A type of failure is an interface: it keeps its name. */
const KEPT = 'TakenBack';

/** Reads a file with its names split into words: `askNobody` becomes `ask Nobody`. */
const wordsOf = (file: string): string =>
  readFileSync(new URL(file, repository), 'utf8')
    .replaceAll(KEPT, '')
    .replaceAll(/([a-z])(?=[A-Z])/g, '$1 ');

test.each([...DOCUMENTS, ...SOURCES])('%s uses the words of the field', (path) => {
  const files = filesIn(path);
  expect(files).not.toEqual([]);
  const found = files.flatMap((file) => (wordsOf(file).match(DROPPED) ?? []).map((word) => `${file}: ${word}`));
  expect(found).toEqual([]);
});
