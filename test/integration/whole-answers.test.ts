import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { connectClickHouse, type ClickHouse } from '../../src/clickhouse/client.js';
import { openProxy, type Answer, type FaultProxy } from '../support/fault-proxy.js';

/*
 * On a full disk the engine sends an answer that is larger than its buffer cut off or empty, with status 200. Only the fault ring can fill
 * a disk everywhere, so a proxy cuts the engine's own answers here.
 */

let proxy: FaultProxy;
let clickhouse: ClickHouse;

beforeAll(async () => {
  const { url, user, password } = inject('stack').clickhouse;
  proxy = await openProxy(url);
  clickhouse = connectClickHouse({ url: proxy.url, user, password });
});
afterAll(async () => {
  await clickhouse.close();
  await proxy.close();
});

const FIVE = { sql: 'SELECT number FROM numbers(5)' };

/** Asks for five rows, of whose answer something is changed on its way. */
async function asked(change: (answer: Answer) => Partial<Answer>): Promise<unknown> {
  proxy.intercept(async ({ forward, answer }) => {
    const whole = await forward();
    answer({ ...whole, ...change(whole) });
  });
  return await clickhouse.rows(FIVE, { what: 'count the rows' }).catch((error: unknown) => error);
}

const without = (headers: Answer['headers'], name: string): Answer['headers'] =>
  Object.fromEntries(Object.entries(headers).filter(([one]) => one !== name));

const cutAfter = (lines: number) => (answer: Answer) => {
  const kept = answer.body.toString().split('\n').slice(0, lines);
  const body = Buffer.from(kept.map((line) => `${line}\n`).join(''));
  return { body, headers: without(answer.headers, 'content-length') };
};

test('an answer that is empty or cut off between two rows is an error that is retried, never fewer rows', async () => {
  expect(await asked(() => ({}))).toHaveLength(5);
  for (const lines of [0, 1, 4])
    expect(await asked(cutAfter(lines)), `${lines} lines`).toMatchObject({
      message: `count the rows: ${lines} of 5 rows of the answer arrived. Is the disk of ClickHouse full? The query is retried.`,
      nonRetryable: false,
    });
});

test('an answer without the summary is refused, because nothing says that it is whole', async () => {
  const error = await asked(({ headers }) => ({ headers: without(headers, 'x-clickhouse-summary') }));
  expect(error).toMatchObject({ message: expect.stringContaining('no X-ClickHouse-Summary header') as string });
});
