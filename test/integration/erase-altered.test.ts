import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { commandOf } from '../support/command.js';
import { openDays, type DayProject } from '../support/day.js';
import { keyOf, lines, payment, paymentIds, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';

/* Erasures of days whose rows or columns are not those of an earlier publish. */

const NORMALIZED = 'sql/normalized/events.sql';

let project: DayProject;

beforeAll(async () => {
  project = await openDays(inject('stack'), PAYMENTS, PAYMENTS_CONFIG);
});
afterAll(() => project.close());

const command = commandOf(inject('stack'), () => project);

const erase = (person: string) => command('erase', '--table', 'events', '--where', `note = '${person}'`);

async function published(day: string, person: string): Promise<void> {
  await project.put(keyOf(day, 'a'), lines(payment(day, 'p', { note: person }), payment(day, 'x')));
  expect(await project.run(day)).toMatchObject({ outcome: 'published' });
}

test('a day that one erasure erases twice gets another fingerprint each time, for its other rows may differ', async () => {
  const [day, id] = ['2026-06-01', '0000-0001'];
  await published(day, 'ada');
  const kept = JSON.stringify({ id, table: 'events', where: "note = 'ada'" });
  await project.app.store.write(project.bucket, `daybook/${project.name}/_erasures/${id}.json`, kept);
  const act = project.attempt();
  const erased = async () => {
    const staged = await act.eraseRows({ id, day });
    await act.publish(staged);
    return staged.tables[0]?.fingerprint;
  };
  const first = await erased();
  await project.run(day, true);
  expect(await paymentIds(project, day)).toEqual(['p', 'x']);
  expect(await erased()).not.toBe(first);
  expect(await project.run(day)).toMatchObject({ outcome: 'published' });
  expect(await project.run(day)).toMatchObject({ outcome: 'unchanged' });
  expect(await paymentIds(project, day)).toEqual(['x']);
});

test('days are erased whose columns were dropped or converted after their publish, unless rows were added to them', async () => {
  const [day, doubled] = ['2026-06-02', '2026-06-03'];
  await published(day, 'bob');
  await published(doubled, 'cid');
  const { [NORMALIZED]: sql = '' } = PAYMENTS;
  const altered = sql.replace('amount Decimal(10, 2)', 'amount Decimal(12, 4)');
  for (const text of [altered, altered.replace("ts DateTime64(3, 'UTC'), ", '').replace('AS day, ts,', 'AS day,')]) {
    await project.write(NORMALIZED, text);
    expect(await command('apply', '--allow-loss', 'events')).toMatchObject({ code: 0 });
    if (text === altered) {
      const { code, stderr } = await erase('bob');
      expect(code, stderr).toBe(0);
      expect(await paymentIds(project, day)).toEqual(['x']);
    }
  }
  const { database } = project;
  const copy = `INSERT INTO ${database}.events SELECT * FROM ${database}.events WHERE day = '${doubled}' AND id = 'x'`;
  await project.admin.run({ sql: copy });
  const refused = await erase('cid');
  expect(refused.stderr).toContain(`${database}.events holds 3 rows of ${doubled}, but 2 were published`);
  await project.admin.run({
    sql: `ALTER TABLE ${database}.events DELETE WHERE day = '${doubled}' AND id = 'x' SETTINGS mutations_sync = 2`,
  });
  await project.admin.run({ sql: `INSERT INTO ${database}.events (day, id) VALUES ('${doubled}', 'x')` });
  const { code, stderr } = await erase('cid');
  expect(code, stderr).toBe(0);
  expect(await paymentIds(project, doubled)).toEqual(['x']);
});
