import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { pythonTools, pythonVersion } from '../clients/python.js';
import { openDays, type DayProject } from '../support/day.js';
import { PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';

const version = await pythonVersion();
if (version === undefined) console.warn('SKIPPED: files written by pyarrow need python3, 3.10 or newer.');

const DAY = '2026-05-01';
let project: DayProject;
let folder: string;

beforeAll(async () => {
  const { events } = PAYMENTS_CONFIG.sources;
  project = await openDays(inject('stack'), PAYMENTS, {
    ...PAYMENTS_CONFIG,
    sources: { events: { ...events, format: 'parquet', dedupeBy: [], chunk: { maxObjects: 100 } } },
  });
  folder = await mkdtemp(join(tmpdir(), 'bad-parquet-'));
  if (version === undefined) return;
  const python = join(await pythonTools(version, 'parquet-requirements.txt'), 'python');
  await execa(python, [fileURLToPath(new URL('../clients/bad_parquet.py', import.meta.url)), folder, DAY]);
  for (const name of await readdir(folder)) await project.put(`raw/${DAY}/${name}`, await readFile(join(folder, name)));
});
afterAll(async () => {
  await project.close();
  await rm(folder, { recursive: true });
});

const BAD: Record<string, RegExp> = {
  'column-twice': /^ClickHouse says 636 .*column with this name already exists/s,
  cut: /^ClickHouse says .*(not a parquet file|too short)/is,
  'empty-text': /^ClickHouse says \d+ /,
  'footer-says-no-rows': /^it declares 0 rows, but 6 were read$/,
  'geometry-wanted': /^column note has a type that ClickHouse can't read \(Geometry\(crs=.* characters left out/,
  'page-header': /^ClickHouse says 1001 /,
};

test.skipIf(version === undefined)(
  'Parquet that can not be read fails the day at once and by name, and where it may be left out, the good objects beside it are published',
  async () => {
    const { message, step } = await project.fail(DAY);
    expect(step).toBe('normalize');
    expect(message).toContain(`events: raw/${DAY}/column-twice.parquet: ClickHouse says 636`);
    expect(message).toContain('5 more are bad');
    expect(message.length).toBeLessThan(1_500);

    await project.configure(
      {},
      {
        ...{ format: 'parquet', dedupeBy: [], chunk: { maxObjects: 100 }, onBadObject: 'quarantine' },
      },
    );
    expect(await project.run(DAY)).toMatchObject({
      outcome: 'published',
      normalized: { rows: 12, rejected: 0, quarantined: 6 },
    });
    const [manifest] = [...(await project.manifests(DAY)).values()];
    const reasons = Object.fromEntries(
      (manifest?.quarantined ?? []).map(({ object, reason }) => [
        object.slice(`raw/${DAY}/`.length, -'.parquet'.length),
        reason,
      ]),
    );
    expect(Object.keys(reasons).sort()).toEqual(Object.keys(BAD));
    for (const [name, reason] of Object.entries(BAD)) expect(reasons[name], name).toMatch(reason);
    const objects = await project.rows<{ object: string }>(
      'SELECT DISTINCT _object AS object FROM events WHERE day = {day:Date} ORDER BY object',
      { day: DAY },
    );
    expect(objects.map(({ object }) => object)).toEqual([
      `raw/${DAY}/geometry-not-wanted.parquet`,
      `raw/${DAY}/good.parquet`,
    ]);
  },
);
