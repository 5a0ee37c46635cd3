import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { expect, test } from 'vitest';
import * as workflows from '../../workflows/index.js';
import { defaultStubs, LISTED, SETTINGS } from '../support/stubs.js';
import { testBundle } from '../support/worker.js';
import { FOLDER, fromKept, keptHistories, readHistory as read, type KeptHistory } from './history-file.js';
import { SCENARIOS } from './scenarios.js';

const recorded = await keptHistories();
/** Those of today; the others were kept when a change was guarded, see CONTRIBUTING.md. */
const current = recorded.filter((name) => !name.includes('/'));

const startOf = ({ events }: KeptHistory) => events[0]?.workflowExecutionStartedEventAttributes;

const replay = async (name: string, codePath: string) => {
  const history = await read(name);
  await Worker.runReplayHistory({ workflowBundle: { codePath } }, fromKept(history), startOf(history)?.workflowId);
};

test('every scenario has a current history, and older ones are in folders', () => {
  expect(current).toEqual(Object.keys(SCENARIOS).sort());
});

test('every workflow has a history', async () => {
  const histories = await Promise.all(current.map(read));
  const types = new Set(histories.map((history) => startOf(history)?.workflowType.name));
  expect([...types].sort()).toEqual(Object.keys(workflows).sort());
});

test('every activity that a workflow can call is in a history', async () => {
  const histories = await Promise.all(recorded.map(read));
  const called = histories.flatMap(({ events }) =>
    events.map((event) => event.activityTaskScheduledEventAttributes?.activityType.name),
  );
  const known = Object.keys(defaultStubs(SETTINGS, LISTED));
  expect([...new Set(called.filter((name) => name !== undefined))].sort()).toEqual(known.sort());
});

test.each(recorded)('the current workflows replay the history %s', async (name) => {
  await replay(name, await testBundle());
});

test('a change that running days could not survive is caught', async () => {
  const { code } = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('changed-day.ts', import.meta.url)),
    logger: new DefaultLogger('ERROR'),
  });
  const history = await read('day-published');
  await expect(
    Worker.runReplayHistory({ workflowBundle: { code } }, fromKept(history), startOf(history)?.workflowId),
  ).rejects.toBeInstanceOf(DeterminismViolationError);
});

test('the histories contain nothing of the machine that recorded them', async () => {
  for (const name of recorded) {
    const text = await readFile(`${FOLDER}/${name}.json`, 'utf8');
    const payloads = [...text.matchAll(/"data": "([^"]*)"/g)].map(([, data = '']) =>
      Buffer.from(data, 'base64').toString(),
    );
    for (const one of [text, ...payloads]) {
      expect(one).not.toMatch(/\d+@/);
      expect(one).not.toMatch(/\/(home|root|tmp|work|Users)\//);
    }
  }
});
