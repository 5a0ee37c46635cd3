import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { WorkflowHandle } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { expect, inject, test } from 'vitest';
import { temporaryFolder } from '../support/stack.js';
import { ONE_LINE } from '../support/stubs.js';
import { testBundle } from '../support/worker.js';
import { stubbedNight, until, type StubbedNight } from '../support/workflows.js';
import { BUGGY } from './buggy-workflows.js';
import { night } from './night.js';

let made: Promise<string> | undefined;

/** The bundle of {@link BUGGY} workflows, made once. */
const buggyBundle = () => (made ??= bundleBugs());

async function bundleBugs(): Promise<string> {
  // Makes the runtime a quiet one.
  await testBundle();
  const { code } = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('buggy-workflows.ts', import.meta.url)),
    logger: new DefaultLogger('ERROR'),
  });
  const path = join((await temporaryFolder('buggy')).path, 'bundle.cjs');
  await writeFile(path, code);
  return path;
}

/** Waits until a workflow task failed for the bug, and answers the activities of the workflow that were asked for until then. */
async function untilBug(handle: WorkflowHandle, bug: string): Promise<string[]> {
  let asked: string[] = [];
  await until(async () => {
    const events = (await handle.fetchHistory()).events ?? [];
    asked = events.flatMap((event) => event.activityTaskScheduledEventAttributes?.activityType?.name ?? []);
    return events.some((event) => event.workflowTaskFailedEventAttributes?.failure?.message?.includes(bug));
  });
  expect((await handle.describe()).status.name).toBe('RUNNING');
  return asked;
}

/** Starts something on a worker with bugs, sees it stop at one, and lets a fixed worker go on. */
async function fixed(
  start: (one: StubbedNight) => Promise<WorkflowHandle>,
  bug: string,
): Promise<{ result: unknown; before: string[]; verbs: string[] }> {
  const stubs = { normalize: () => ONE_LINE };
  const buggy = await stubbedNight(inject('stack').temporal, { bundle: await buggyBundle(), stubs });
  const stopped = { id: '', before: [] as string[] };
  try {
    const handle = await start(buggy);
    stopped.id = handle.workflowId;
    stopped.before = await untilBug(handle, bug);
  } finally {
    await buggy.stop();
  }
  const one = await night({ project: buggy.project, stubs });
  const result: unknown = await one.client.workflow.getHandle(stopped.id).result();
  return { result, before: stopped.before, verbs: one.verbs() };
}

test('a bug in a step fails the workflow task, not the day, and a fixed worker continues from there', async () => {
  const { result, before, verbs } = await fixed((one) => one.startDay({ day: BUGGY.step }), 'a bug in a step');
  expect(before).not.toContain('conclude');
  expect(result).toMatchObject({ outcome: 'published' });
  expect(verbs).not.toContain('list');
  expect(verbs).toContain('refresh');
});

test('a bug in one of several pieces of work cancels none of the others', async () => {
  const { result, before } = await fixed((one) => one.startDay({ day: BUGGY.window }), 'a bug in a window');
  expect(before).not.toContain('conclude');
  expect(before).not.toContain('load');
  expect(result).toMatchObject({ outcome: 'published' });
});

test('a bug in a backfill fails none of its days and cancels none', async () => {
  const { result } = await fixed(
    (one) => one.startBackfill({ start: '2026-11-14', end: BUGGY.queue, concurrency: 2 }),
    'a bug in the queue',
  );
  expect(result).toMatchObject({ outcome: 'published', counts: { published: 3, failed: 0, cancelled: 0 } });
});

test('a bug in an optional step of a nightly run is not a note, but a failed workflow task', async () => {
  const day = '2026-11-09';
  const { result } = await fixed((one) => one.startNightly({ day }), 'a bug in a nightly run');
  expect(result).toMatchObject({ day, days: [{ day, outcome: 'published' }], notes: [] });
});
