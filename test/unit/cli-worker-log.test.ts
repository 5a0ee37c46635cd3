import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, test } from 'vitest';
import { workerLine } from '../../src/worker-log.js';

const meta = {
  isLocal: false,
  attempt: 2,
  namespace: 'default',
  taskToken: 'CiQ',
  workflowId: 'daybook/shop/day/2026-11-05',
  workflowRunId: 'run-1',
  activityId: '3',
  activityType: 'list',
  taskQueue: 'daybook-shop',
};

const line = (level: 'DEBUG' | 'INFO' | 'WARN', message: string, more: object = {}) =>
  workerLine({ level, message, meta: { ...meta, ...more } });

describe("what Temporal's runtime says becomes one line that a person reads", () => {
  test('a step that is done names its day and how long it took', () => {
    expect(line('DEBUG', 'Activity completed', { durationMs: 2_140 })).toEqual({
      level: 'info',
      message: '2026-11-05 list done (2.1 s)',
      fields: { workflow_id: meta.workflowId, run_id: 'run-1', attempt: 2 },
    });
  });

  test('an attempt that fails and may be repeated is a warning, on one line', () => {
    const error = new Error('no ClickHouse answers\n    at somewhere');
    expect(line('WARN', 'Activity failed', { error })).toMatchObject({
      level: 'warn',
      message: '2026-11-05 list failed at attempt 2 and may be retried: no ClickHouse answers at somewhere',
    });
  });

  test("a final failure of a step is left to the day's own, which is an error with project, day, step and table", () => {
    const error = ApplicationFailure.nonRetryable('3 of 4 lines were rejected');
    expect(line('WARN', 'Activity failed', { error })?.level).toBe('debug');
    const details = { step: 'load', type: 'TooManyRejects', reason: '…', table: 'events' };
    const day = ApplicationFailure.nonRetryable('Day 2026-11-05 failed at step load: …', 'DayFailed', details);
    expect(line('WARN', 'Workflow failed', { error: day })).toEqual({
      level: 'error',
      message: 'Day 2026-11-05 failed at step load: …',
      fields: {
        ...{ workflow_id: meta.workflowId, run_id: 'run-1', attempt: 2 },
        ...{ project: 'shop', day: '2026-11-05', step: 'load', type: 'TooManyRejects', table: 'events' },
      },
    });
  });

  test('what every healthy worker logs is left out', () => {
    expect(line('WARN', 'No workflows registered, not polling for workflow tasks')).toBeUndefined();
    expect(line('INFO', 'Worker state changed', { state: 'RUNNING' })?.level).toBe('debug');
  });

  test('a query to a run that was just evicted from the cache is not a warning', () => {
    const leftover = line('WARN', 'There were leftover buffered tasks when evicting run', { activityType: undefined });
    expect(leftover?.level).toBe('debug');
  });

  test('anything else keeps its level and its text', () => {
    expect(line('WARN', 'gRPC call retried 5 times', { error: 'transport error' })).toMatchObject({
      level: 'warn',
      message: 'gRPC call retried 5 times: transport error',
    });
  });
});
