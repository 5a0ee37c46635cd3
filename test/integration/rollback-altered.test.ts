import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { apply } from '../../src/cli/apply/index.js';
import { commandOf } from '../support/command.js';
import { openDays, type DayProject } from '../support/day.js';
import { keyOf, lines, payment, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';

/* A publish archives what readers had, also what something else has written there. */

const MODEL = 'sql/aggregates/daily_amounts.sql';

let project: DayProject;

beforeAll(async () => {
  project = await openDays(inject('stack'), PAYMENTS, PAYMENTS_CONFIG);
});
afterAll(() => project.close());

const command = commandOf(inject('stack'), () => project);

async function published(day: string): Promise<void> {
  await project.put(keyOf(day, 'a'), lines(payment(day, 'a')));
  expect(await project.run(day)).toMatchObject({ outcome: 'published' });
}

/** Changes rows of a day behind Daybook's back. */
const alter = (table: string, day: string) =>
  project.admin.run({
    sql: `ALTER TABLE ${project.database}.${table} UPDATE amount = amount + 1 WHERE day = '${day}' SETTINGS mutations_sync = 2`,
  });

test('rows that something else has changed are not restored as those of a publish', async () => {
  const day = '2026-06-01';
  await published(day);
  await alter('events', day);
  expect((await command('verify', '--day', day)).stdout).toContain(`npx daybook run --day ${day} --force`);
  expect(await project.run(day, true)).toMatchObject({ outcome: 'published', generation: 2 });
  const before = await project.state(day);

  for (const named of [[], ['--generation', '1']]) {
    const refused = await command('rollback', '--day', day, ...named);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(
      new RegExp(
        `^${day} cannot be rolled back to generation 1: daybook_${project.name}_archive\\.events_\\S+ holds 1 row with other values, ` +
          'expected 1 as published\\. Something else wrote to the live table before its rows were archived\\. Choose another publish: ' +
          `npx daybook rollback --day ${day} --dry-run.*, or build the day again: npx daybook run --day ${day} --force`,
        'm',
      ),
    );
  }
  const preview = await command('rollback', '--day', day, '--dry-run');
  expect(preview.code).toBe(1);
  expect(preview.stdout).toMatch(/^ +1 {2}events .* its archive holds other rows$/m);
  expect(preview.stdout).toContain('cannot be rolled back to generation 1');
  await expect(project.attempt().planRollback({ day })).rejects.toMatchObject({ type: 'ArchiveDiffers' });
  expect(await project.state(day)).toEqual(before);
  expect(await project.app.ledger.holdOf(day)).toBeUndefined();

  // What was published later, and archived as it was, is restored as ever.
  await project.put(keyOf(day, 'b'), lines(payment(day, 'b')));
  expect(await project.run(day)).toMatchObject({ outcome: 'published', generation: 3 });
  expect((await command('rollback', '--day', day)).stdout).toContain('rolled back to generation 2: events 1 row');
  expect(await project.state(day)).toMatchObject({ tables: before.tables });
});

test('changed rows are found, too, where a column was added before they were archived', async () => {
  const day = '2026-06-02';
  await published(day);
  await alter('daily_amounts', day);
  await project.write(
    MODEL,
    (PAYMENTS[MODEL] ?? '').replace(
      'amount Decimal(18, 2))',
      'amount Decimal(18, 2), largest Decimal(10, 2) DEFAULT 9)',
    ),
  );
  await apply(project.app, () => undefined);
  expect(await project.run(day, true)).toMatchObject({ outcome: 'published' });
  const refused = await command('rollback', '--day', day);
  expect(refused).toMatchObject({ code: 1 });
  expect(refused.stderr).toMatch(/\.daily_amounts_\S+ holds 1 row with other values, expected 1 as published/);
});

test('rows that were never published are not restored by a rollback to nothing', async () => {
  const day = '2026-06-03';
  await project.admin.run({
    sql: `INSERT INTO ${project.database}.events (day, id) VALUES ('${day}', 'x'), ('${day}', 'y')`,
  });
  await published(day);
  const refused = await command('rollback', '--day', day, '--to-empty');
  expect(refused).toMatchObject({ code: 1 });
  expect(refused.stderr).toMatch(
    /cannot be rolled back to no rows: \S+\.events_\S+ holds 2 rows, expected none, since none were published\./,
  );
});

test('rows of a table whose column was converted since are restored, unless something else has changed them', async () => {
  const [day, changed] = ['2026-06-04', '2026-06-05'];
  for (const each of [day, changed]) await published(each);
  const { [MODEL]: sql = '' } = PAYMENTS;
  await project.write(
    MODEL,
    sql.replace('amount Decimal(18, 2))', 'amount Decimal(20, 4), largest Decimal(10, 2) DEFAULT 9)'),
  );
  await apply(project.app, () => undefined, ['daily_amounts']);
  await project.admin.run({
    sql: `ALTER TABLE ${project.database}.daily_amounts DELETE WHERE day = '${changed}' SETTINGS mutations_sync = 2`,
  });
  for (const each of [day, changed])
    expect(await project.run(each, true)).toMatchObject({ outcome: 'published', generation: 2 });
  expect((await command('rollback', '--day', day, '--dry-run')).stdout).toMatch(/^ +1 {2}daily_amounts .* archived$/m);
  const { stdout, stderr } = await command('rollback', '--day', day);
  expect(stdout, stderr).toContain('rolled back to generation 1: daily_amounts 1 row');
  expect((await command('rollback', '--day', changed)).stderr).toContain('holds 0 rows, expected 1 as published');
});
