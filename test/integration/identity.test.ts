import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { apply } from '../../src/cli/apply/index.js';
import { commandOf } from '../support/command.js';
import { openDays, type DayProject } from '../support/day.js';
import { keyOf, lines, payment, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';

const DAY = '2026-05-01';
const OTHER = 'The ledger knows another project ';

let project: DayProject;

beforeAll(async () => {
  project = await openDays(inject('stack'), PAYMENTS, { ...PAYMENTS_CONFIG, id: 'aaaa1111' });
  await project.put(keyOf(DAY, 'a'), lines(payment(DAY, 'a')));
  expect(await project.run(DAY)).toMatchObject({ outcome: 'published' });
});
afterAll(() => project.close());

const command = commandOf(inject('stack'), () => project);

const recorded = () =>
  project.rows<{ id: string }>('SELECT id FROM daybook.projects WHERE project = {name:String} ORDER BY at', {
    name: project.name,
  });

test('a project is recorded once, however often it is applied', async () => {
  await apply(project.app);
  expect(await recorded()).toEqual([{ id: 'aaaa1111' }]);
});

/** Runs `act` while the folder says something else about the project, and expects that nothing changes. */
async function asAnother(changes: Record<string, unknown>, act: () => Promise<void>): Promise<void> {
  const before = await project.state(DAY);
  await project.configure(changes);
  try {
    await act();
  } finally {
    await project.configure({ id: 'aaaa1111' });
  }
  expect(await project.state(DAY)).toEqual(before);
  expect(await recorded()).toHaveLength(1);
}

const expectRefusedRun = async () => {
  expect(await project.fail(DAY)).toMatchObject({
    cause: 'OtherProject',
    message: expect.stringContaining('--same-project') as string,
  });
};

test('a project of the same name with another id is refused by every command and run, and changes nothing', () =>
  asAnother({ id: 'bbbb2222' }, async () => {
    for (const args of [
      ['apply'],
      ['apply', '--dry-run'],
      ['status'],
      ['verify', '--day', DAY],
      ['rollback', '--day', DAY],
    ]) {
      const { code, stderr } = await command(...args);
      expect({ code, stderr }, args.join(' ')).toEqual({ code: 1, stderr: expect.stringContaining(OTHER) as string });
    }
    expect((await command('check')).stdout).toContain(OTHER);
    await expectRefusedRun();
    await expect(project.backfill({ start: DAY, end: DAY })).rejects.toThrow();
  }));

test.each([
  ['database', { database: 'another_live' }],
  ['bucket', { store: { bucket: 'another-data' } }],
])('a project of the same name with another %s is refused in the same way', (_, changes) =>
  asAnother(changes, expectRefusedRun),
);

test('a project of an earlier version runs without a record, and its name is refused to a new one', async () => {
  const name = { name: project.name };
  await project.admin.run({ sql: 'DELETE FROM daybook.projects WHERE project = {name:String}', params: name });
  expect(await project.run(DAY)).toMatchObject({ outcome: 'unchanged' });
  await expect(apply(project.app)).rejects.toThrow(OTHER);
  expect(await apply(project.app, undefined, [], true)).toEqual([]);
  expect(await recorded()).toEqual([{ id: 'aaaa1111' }]);
  expect(await project.run(DAY)).toMatchObject({ outcome: 'unchanged' });
});
