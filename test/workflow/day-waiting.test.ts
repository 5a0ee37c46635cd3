import { WorkflowFailedError } from '@temporalio/client';
import { expect, test } from 'vitest';
import { final } from '../../src/errors.js';
import { command } from '../../src/shared/commands.js';
import { plain, sentence } from '../../src/shared/sentence.js';
import type { DayResult } from '../../src/shared/workflows.js';
import { night } from './night.js';

const DAY = '2026-11-10';

test('a waiting day checks again until its sources are complete', async () => {
  let asked = 0;
  const one = await night({
    listed: { outcome: 'unchanged', todo: 0 },
    stubs: { wait: () => ({ ready: ++asked === 3, missing: ['events: 0 objects'], againInMs: 20 }) },
  });
  const handle = await one.startDay({ day: DAY, wait: true });
  const result = (await handle.result()) as DayResult;
  expect(one.verbs()).toEqual(['recover', 'wait', 'wait', 'wait', 'list']);
  expect(result.steps.map(({ step }) => step)).toEqual(['recover', 'wait', 'list']);
  const timers = (await handle.fetchHistory()).events?.filter((event) => event.timerStartedEventAttributes);
  expect(timers).toHaveLength(2);
});

test('a day does not wait unless it is asked to', async () => {
  const one = await night({ listed: { outcome: 'unchanged', todo: 0 } });
  await (await one.startDay({ day: DAY })).result();
  expect(one.verbs()).not.toContain('wait');
});

test('a deadline that passes ends the day with what is missing and what to type', async () => {
  const message = sentence(
    'events: raw/ holds 0 objects, and its deadline 06:00 has passed. Once it has arrived, run: ',
    command.run(DAY),
  );
  const one = await night({
    stubs: {
      wait: () => {
        throw final('SourceNotReady', message);
      },
    },
  });
  const error: unknown = await (
    await one.startDay({ day: DAY, wait: true })
  )
    .result()
    .catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(WorkflowFailedError);
  expect((error as WorkflowFailedError).cause?.message).toBe(`Day ${DAY} failed at step wait: ${plain(message)}`);
  expect(one.verbs()).toEqual(['recover', 'wait', 'conclude']);
});
