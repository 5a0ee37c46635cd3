import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { objectTable } from '../../src/clickhouse/object-table.js';
import { engineBucket } from '../../src/step/engine-bucket.js';
import { openDays, type DayProject } from '../support/day.js';
import { lines, payment, paymentIds, PAYMENTS, PAYMENTS_CONFIG } from '../support/payments.js';
import { READINGS, READINGS_CONFIG } from '../support/readings.js';

/* Keys with `column=value/`, as Spark and Hive write them. */

const DAY = '2026-06-01';

describe('Parquet', () => {
  let project: DayProject;
  beforeAll(async () => {
    project = await openDays(inject('stack'), READINGS, READINGS_CONFIG, { worker: false });
  });
  afterAll(() => project.close());

  /** Writes an object of one row at noon, with what `select` says in addition. */
  async function write(key: string, structure: string, select: string): Promise<void> {
    const { store, clickhouse } = project.app;
    const bucket = await engineBucket({ store }, project.bucket);
    const { sql, params } = objectTable(bucket, [`raw/${DAY}/${key}`], 'Parquet', `ts DateTime64(3, 'UTC'), ${structure}`, 'raw');
    await clickhouse.run({ sql: `INSERT INTO FUNCTION ${sql} SELECT toDateTime64('${DAY} 12:00:00', 3, 'UTC'), ${select}`, params });
  } // prettier-ignore

  test('a column of the file keeps its value whatever the key says; one that no file has comes from the key', async () => {
    const both = 'id String, amount Decimal(10, 2)';
    await write('id=key/amount=9/own.parquet', both, `'own', 1`);
    await write('id=other/own.parquet', both, `'own-2', 2`);
    await write('pieces=03/since=2026-01-02/device=x/read.parquet', both, `'read', 3`);
    await write('pieces=__HIVE_DEFAULT_PARTITION__/null.parquet', both, `'null', 4`);
    await write('pieces=999/reject.parquet', both, `'reject', 5`);
    await write('id=a%3Ab c/name.parquet', 'amount Decimal(10, 2)', '6');
    await write('xid=no/missing.parquet', 'amount Decimal(10, 2)', '7');
    await project.publish(DAY);
    expect(await project.rows('SELECT id, amount, pieces, since FROM events ORDER BY amount')).toEqual([
      { id: 'own', amount: 1, pieces: null, since: null },
      { id: 'own-2', amount: 2, pieces: null, since: null },
      { id: 'read', amount: 3, pieces: 3, since: '2026-01-02' },
      { id: 'null', amount: 4, pieces: null, since: null },
      { id: 'a:b c', amount: 6, pieces: null, since: null },
    ]);
    const rejects = await project.rows<{ reason: string }>(
      'SELECT reason FROM daybook.rejected_rows WHERE project = {project:String} ORDER BY object',
      { project: project.name },
    );
    expect(rejects.map(({ reason }) => reason)).toEqual([
      "pieces: '999' does not fit Nullable(UInt8)",
      'id: missing, expected String',
    ]);
  });
});

describe('JSON lines', () => {
  let project: DayProject;
  beforeAll(async () => {
    project = await openDays(inject('stack'), PAYMENTS, PAYMENTS_CONFIG, { worker: false });
  });
  afterAll(() => project.close());

  test('keys that name columns of the table, or the column that lines are read as, change no row', async () => {
    await project.put(`raw/${DAY}/line=x/id=key/a.json`, lines(payment(DAY, 'a')));
    await project.put(`raw/${DAY}/amount=9/b.json`, lines(payment(DAY, 'b')));
    await project.publish(DAY);
    expect(await paymentIds(project, DAY)).toEqual(['a', 'b']);
    expect(await project.rows('SELECT DISTINCT amount FROM events')).toEqual([{ amount: 1 }]);
  });

  test('chunks below a prefix that names a column are loaded with the values of their rows', async () => {
    const day = '2026-06-02';
    await project.configure({ store: { bucket: project.bucket, normalized: 'note=chunk/id=chunk/' } });
    await project.put(`raw/${day}/a.json`, lines(payment(day, 'a', { note: 'own' })));
    await project.publish(day);
    expect(await project.rows('SELECT id, note FROM events WHERE day = {day:Date}', { day })).toEqual([
      { id: 'a', note: 'own' },
    ]);
  });
});
