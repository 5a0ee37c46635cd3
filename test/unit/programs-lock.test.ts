import { mkdir, readdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { withLock } from '../../src/local/programs/lock.js';
import { temporaryFolder } from '../support/stack.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder('lock');
});
afterEach(() => folder.remove());

test('one holder at a time, and a failed one lets the next in', async () => {
  const path = join(folder.path, 'lock');
  const events: string[] = [];
  let waited = 0;
  const hold = (name: string, fails: boolean) =>
    withLock(
      path,
      async () => {
        events.push(`${name} begins`);
        // The other one has looked at the lock by then, and found it taken.
        while (waited === 0) await new Promise((resolve) => setImmediate(resolve));
        events.push(`${name} ends`);
        if (fails) throw new Error(name);
      },
      () => waited++,
    );
  await expect(Promise.allSettled([hold('first', true), hold('second', false)])).resolves.toMatchObject([
    { status: 'rejected' },
    { status: 'fulfilled' },
  ]);
  expect(events).toEqual(['first begins', 'first ends', 'second begins', 'second ends']);
  expect(await readdir(folder.path)).toEqual([]);
});

test('the lock of a process that was killed is taken over', async () => {
  const path = join(folder.path, 'lock');
  await mkdir(path);
  const longAgo = new Date(Date.now() - 31_000);
  await utimes(path, longAgo, longAgo);
  expect(
    await withLock(
      path,
      () => Promise.resolve('done'),
      () => undefined,
    ),
  ).toBe('done');
});
