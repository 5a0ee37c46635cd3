import { execa } from 'execa';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { DAYBOOK, environment } from '../support/command.js';
import { openDays, type DayProject } from '../support/day.js';
import { blocksOf, commandLinesOf } from '../support/documented.js';
import { keyOf, lines, payment, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';

const DAY = '2026-11-05';

let project: DayProject;

/** A project with a column `user_id` and three publishes of a day. */
beforeAll(async () => {
  const files = Object.entries(PAYMENTS).map(([path, text]) => [path, text.replaceAll('note', 'user_id')]);
  const { events } = PAYMENTS_CONFIG.sources;
  const config = { ...PAYMENTS_CONFIG, sources: { events: { ...events, onEmpty: 'skip' } } };
  project = await openDays(inject('stack'), Object.fromEntries(files) as typeof PAYMENTS, config);
  for (const id of ['u1', 'u2', 'u3']) {
    await project.put(keyOf(DAY, id), lines(payment(DAY, id, { user_id: id })));
    await project.run(DAY);
  }
});
afterAll(() => project.close());

test('the commands of the operating guide work in their order, as they are written', async () => {
  const commands = blocksOf('docs/operating.md')
    .filter(({ kind }) => kind === 'sh')
    .flatMap(commandLinesOf)
    .filter((line) => line.startsWith('npx daybook '));
  expect(commands.length).toBeGreaterThan(20);
  const outputs = new Map<string, string>();
  for (const line of commands) {
    const script = line.replace(/^npx daybook/, `'${process.execPath}' '${DAYBOOK}'`);
    const { exitCode, stdout, stderr } = await execa('bash', ['-c', script], {
      ...{ cwd: project.app.project.dir, env: environment(inject('stack')), extendEnv: false, reject: false },
      stdin: 'ignore',
    });
    expect(exitCode, `${line}\n${stdout}\n${stderr}`).toBe(0);
    outputs.set(line, stdout);
  }
  const answer = (words: string) => [...outputs].find(([line]) => line.includes(words))?.[1];
  expect(answer('--reason')).toContain('rolled back to generation 2');
  expect(answer('--generation 2')).toContain('readers have generation 2 already');
  expect(answer(`run --day ${DAY} --force`)).toContain(`${DAY} published`);
  expect(answer(`"user_id = 'u1'"`)).toContain('events: 1 row on 1 day');
  expect(await project.rows('SELECT user_id FROM events ORDER BY user_id')).toEqual([
    { user_id: 'u2' },
    { user_id: 'u3' },
  ]);
});
