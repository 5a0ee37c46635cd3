import type { Stack } from '../../src/local/stack-file.js';
import { openProxy, type Asked } from './fault-proxy.js';
import { sqlOf } from './sql-of.js';

/** Proxies in front of ClickHouse and the store that count what passes them. */
export interface CountingProxies {
  /** The stack, as one that is reached through the proxies alone. */
  stack: Stack;
  /** What passed while `work` ran. */
  during<Result>(work: () => Promise<Result>): Promise<{ result: Result } & Counted>;
  close(): Promise<void>;
}

export interface Counted {
  /** The text of each statement that ClickHouse was sent, in order. */
  statements: string[];
  /** The prefix of each listing that the worker asked the store for, in order; a page is a listing. */
  listings: string[];
  /** Each object of a plan that was read, in order. */
  plans: { key: string; text: string }[];
}

export async function openCountingProxies(stack: Stack): Promise<CountingProxies> {
  const [statements, store] = await Promise.all([openProxy(stack.clickhouse.url), openProxy(stack.s3.endpoint)]);
  let counted: Counted = { statements: [], listings: [], plans: [] };
  statements.intercept(({ asked }) => {
    counted.statements.push(statementOf(asked));
    return undefined;
  });
  store.intercept(({ asked, forward, answer }) => {
    if (asked.url.searchParams.get('list-type') === '2')
      counted.listings.push(asked.url.searchParams.get('prefix') ?? '');
    const key = asked.url.pathname;
    if (asked.method !== 'GET' || !key.includes('/_plans/')) return undefined;
    return forward().then((answered) => {
      counted.plans.push({ key, text: answered.body.toString('utf8') });
      answer(answered);
    });
  });
  return {
    stack: {
      ...stack,
      clickhouse: { ...stack.clickhouse, url: statements.url },
      s3: { ...stack.s3, endpoint: store.url },
    },
    during: async (work) => {
      counted = { statements: [], listings: [], plans: [] };
      const result = await work();
      return { result, ...counted };
    },
    close: async () => {
      await Promise.all([statements.close(), store.close()]);
    },
  };
}

/** A statement in one line, without the form that carries it and without the values of its parameters. */
function statementOf(asked: Asked): string {
  const text = sqlOf(asked);
  const fields = [...text.matchAll(/name="query"\r\n\r\n(.*?)\r\n--/gs)].map(([, field = '']) => field);
  return (fields.length > 0 ? fields.join('') : text).replaceAll(/\s+/g, ' ').trim();
}
