import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { dayIn, nightFor } from '../../src/shared/day.js';
import { scheduleId } from '../../src/shared/names.js';
import { daybook, environment } from '../support/command.js';
import { openDays, type DayProject } from '../support/day.js';
import { PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';

const ZONE = 'UTC';

let project: DayProject;

const command = (...args: string[]) =>
  daybook(['schedule', ...args, '--project', project.app.project.dir], environment(inject('stack')));

beforeAll(async () => {
  project = await openDays(
    inject('stack'),
    PAYMENTS,
    { ...PAYMENTS_CONFIG, timezone: ZONE, schedule: '30 4 * * *' },
    { worker: false },
  );
});
afterAll(() => project.close());

test('commands that need a schedule say how to create it if there is none; deleting none is not an error', async () => {
  const id = scheduleId(project.name);
  for (const args of [['describe'], ['pause'], ['trigger']]) {
    const { code, stderr } = await command(...args);
    expect([code, stderr.split('\n').at(-1)]).toEqual([
      1,
      `The schedule ${id} does not exist yet. Run: npx daybook schedule apply --project ${project.app.project.dir}`,
    ]);
  }
  expect(await command('delete')).toMatchObject({ code: 0, stdout: `${id} does not exist.` });
});

test('apply creates, then finds nothing to do, then shows what differs before it changes that', async () => {
  const id = scheduleId(project.name);
  const absent = `${id} does not exist yet: '30 4 * * *' in ${ZONE}`;
  expect((await command('apply', '--dry-run')).stdout).toBe(`${absent}\nNothing was changed.`);
  expect((await command('apply')).stdout).toBe(`${absent}\nCreated ${id}.`);
  expect((await command('apply')).stdout).toBe(`${id} matches the config.`);

  await project.configure({ schedule: '15 5 * * 1-5' });
  const difference = 'cron\n  - 30 4 * * *\n  + 15 5 * * 1-5';
  expect((await command('apply', '--dry-run')).stdout).toBe(`${difference}\nNothing was changed.`);
  const described = await command('describe');
  expect(described.stdout).toContain('  cron is 30 4 * * *, the config says 15 5 * * 1-5');
  expect((await command('apply')).stdout).toBe(`${difference}\nChanged ${id}.`);
  expect((await command('apply')).stdout).toBe(`${id} matches the config.`);
});

test('pause, unpause and describe agree', async () => {
  const report = async () =>
    JSON.parse((await command('describe', '--output', 'json')).stdout) as {
      paused: boolean;
      note: string;
      next: { at: string; day: string }[];
      differs: unknown[];
    };
  expect((await command('pause', '--note', 'the warehouse moves')).code).toBe(0);
  expect(await report()).toMatchObject({ paused: true, note: 'the warehouse moves', next: [], differs: [] });
  expect((await command('unpause')).code).toBe(0);
  const { paused, next } = await report();
  expect(paused).toBe(false);
  expect(next).toHaveLength(5);
  const clock = new Intl.DateTimeFormat('en-GB', { timeStyle: 'short', timeZone: ZONE });
  expect(new Set(next.map(({ at }) => clock.format(new Date(at))))).toEqual(new Set(['05:15']));
  expect(next.map(({ day }) => day)).toEqual(next.map(({ at }) => nightFor(ZONE, new Date(at))));
});

test('trigger starts a nightly run for yesterday and warns that no worker polls; describe shows it', async () => {
  const before = nightFor(ZONE, new Date());
  const { code, stdout, stderr } = await command('trigger');
  expect(code).toBe(0);
  expect(stderr).toContain('the nightly run waits for one. Start one in another terminal: npx daybook worker');
  const [, day = '', id = ''] = /^The nightly run for (\S+) has started: (\S+)$/.exec(stdout) ?? [];
  expect([before, nightFor(ZONE, new Date())]).toContain(day);
  expect((await command('describe')).stdout).toContain(`for ${day}  running  ${id}`);
  expect(dayIn(ZONE, new Date()) > day).toBe(true);
  await (await project.app.temporal()).workflow.getHandle(id).terminate('the test has seen it');
  expect(await command('delete')).toMatchObject({ code: 0, stdout: `Deleted ${scheduleId(project.name)}.` });
});
