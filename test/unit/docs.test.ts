import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { FINAL } from '../../src/errors.js';
import { configSchema } from '../../src/project/config/config.js';
import { repositoryText } from '../support/compose.js';

const documents = [
  ...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'test/README.md'],
  ...readdirSync(new URL('../../docs/', import.meta.url))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];
const reference = repositoryText('docs/reference.md');

/** A heading as GitHub links to it. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

const anchorsIn = (text: string) => [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading));

/** Names in the first column of the tables of a section. */
function firstColumn(section: string): string[] {
  const [, text = ''] = new RegExp(`\\n## ${section}\\n([^]*?)(?=\\n## |$)`).exec(reference) ?? [];
  return [...text.matchAll(/^\| (.+?) +\|/gm)].map(([, cell = '']) => cell).filter((cell) => cell.startsWith('`'));
}

/** Paths of the fields that have no fields of their own; what a user names himself is `<name>`. */
function leavesOf(schema: z.core.JSONSchema.BaseSchema, path: string): string[] {
  const { properties, additionalProperties } = schema;
  const below = (name: string) => (path === '' ? name : `${path}.${name}`);
  if (properties !== undefined)
    return Object.entries(properties).flatMap(([name, inner]) =>
      typeof inner === 'object' ? leavesOf(inner, below(name)) : [],
    );
  return typeof additionalProperties === 'object' ? leavesOf(additionalProperties, below('<name>')) : [path];
}

test('the README is short enough for a first visit', () => {
  expect(repositoryText('README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(240);
});

test.each(documents)('every link in %s leads to a file and a heading that exist', (path) => {
  for (const [, target = ''] of repositoryText(path).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)) {
    const [file = '', anchor] = target.split('#');
    const found = file === '' ? path : join(dirname(path), file);
    expect(existsSync(new URL(`../../${found}`, import.meta.url)), target).toBe(true);
    if (anchor !== undefined) expect(anchorsIn(repositoryText(found)), target).toContain(anchor);
  }
});

test('the reference lists every command, and no other', async () => {
  const folder = new URL('../../src/cli/', import.meta.url);
  const modules = readdirSync(folder)
    .map((name) => new URL(`${name}/command.ts`, folder))
    .filter((module) => existsSync(module))
    .map(async ({ href }) => (await import(/* @vite-ignore */ href)) as Record<string, () => { name: () => string }>);
  const commands = (await Promise.all(modules)).flatMap((one) => Object.values(one).map((make) => make().name()));
  // A row may name two commands: `daybook hold \| unhold`.
  const documented = firstColumn('Commands').flatMap((cell) =>
    cell.includes('unhold') ? ['hold', 'unhold'] : (/daybook (\w+)/.exec(cell)?.[1] ?? []),
  );
  expect([...new Set(documented)].sort()).toEqual(commands.sort());
});

test('the reference lists every final error, and no other', () => {
  expect(firstColumn('Errors')).toEqual(Object.keys(FINAL).map((type) => `\`${type}\``));
});

test('the reference lists every field of the config, and no other', () => {
  const schema = z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' });
  const documented = firstColumn('Config').flatMap((cell) => {
    const [first = '', ...others] = [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
    return [first, ...others.map((name) => first.replace(/\.\w+$/, name))];
  });
  const fields = leavesOf(schema, '').map((field) => field.replace(/\.ready\..*/, '.ready'));
  expect(documented.sort()).toEqual([...new Set(fields)].sort());
});
