import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { workerCommand } from '../../src/cli/worker/command.js';
import { repositoryText } from '../support/compose.js';
import { blocksOf } from '../support/documented.js';

const [block] = blocksOf('docs/production.md').filter(({ kind }) => kind === 'ini');

/** The settings of the documented unit, by section and name. */
const unit = Object.fromEntries(
  (block?.text ?? '').split(/^(?=\[)/m).map((section) => {
    const [head = '', ...lines] = section.trim().split('\n');
    return [head, Object.fromEntries(lines.map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string]))];
  }),
);

test('the documented unit starts node itself with the program that is installed, and a command that exists', () => {
  const { ExecStart = '' } = unit['[Service]'] ?? {};
  const [node, program, ...args] = ExecStart.split(' ');
  expect(node).toMatch(/^\/.*\/node$/);
  const { name, bin } = JSON.parse(readFileSync('package.json', 'utf8')) as { name: string; bin: { daybook: string } };
  expect(program).toBe(`node_modules/${name}/${bin.daybook}`);
  expect(existsSync(bin.daybook)).toBe(true);
  expect(args).toEqual([workerCommand().name()]);
  // The prose beside it names the same.
  expect(repositoryText('docs/production.md')).toContain(`\`exec node ${[program, ...args].join(' ')}\``);
  expect(Object.keys(unit)).toEqual(['[Unit]', '[Service]', '[Install]']);
});

test('the documented unit stops a worker with a signal that it handles, and waits longer than the worker does', () => {
  const { KillSignal = '', TimeoutStopSec = '' } = unit['[Service]'] ?? {};
  expect(repositoryText('src/cli/worker/index.ts')).toContain(`once('${KillSignal}', stop)`);
  const [, grace = ''] = /GRACE = (\d+)_000;/.exec(repositoryText('src/worker.ts')) ?? [];
  expect(Number(grace)).toBeGreaterThan(0);
  expect(Number(TimeoutStopSec)).toBeGreaterThan(Number(grace));
  expect(repositoryText('docs/production.md')).toContain(`\`TimeoutStopSec\` is longer than the ${grace} seconds`);
});
