import type { Stack } from '../../src/local/stack-file.js';
import { openProxy, type Answer, type FaultProxy, type Passage } from './fault-proxy.js';

/** What nginx lets through by default: a buffer for the request line and for each header, and the body. In bytes. */
const LINE = 8 * 1024;
const BODY = 1024 * 1024;

/** A proxy in front of ClickHouse with nginx's default limits, and what it saw. */
export interface StrictProxy extends FaultProxy {
  /** The stack, as one that reaches ClickHouse through the proxy alone. */
  stack: Stack;
  /** All addresses asked so far, as they were sent. */
  addresses: string[];
  /** Bytes of the largest body so far. */
  largest(): number;
  /** What was refused so far, and why. */
  refused: string[];
}

export async function openStrictProxy(stack: Stack): Promise<StrictProxy> {
  const proxy = await openProxy(stack.clickhouse.url);
  const addresses: string[] = [];
  const refused: string[] = [];
  let largest = 0;
  proxy.intercept(({ asked, answer }) => {
    const address = asked.url.pathname + asked.url.search;
    addresses.push(address);
    largest = Math.max(largest, asked.body.length);
    const reason = tooLarge(asked, address);
    if (reason === undefined) return undefined;
    refused.push(`${reason}: ${address.slice(0, 200)}`);
    answer(page(reason));
    return Promise.resolve();
  });
  return {
    ...proxy,
    stack: { ...stack, clickhouse: { ...stack.clickhouse, url: proxy.url } },
    addresses,
    largest: () => largest,
    refused,
  };
}

function tooLarge({ method, headers, body }: Passage['asked'], address: string): string | undefined {
  if (method.length + address.length + ' HTTP/1.1'.length + 1 > LINE) return '414 Request-URI Too Large';
  if (Object.entries(headers).some(([name, value]) => name.length + String(value).length + 2 > LINE))
    return '431 Request Header Fields Too Large';
  return body.length > BODY ? '413 Request Entity Too Large' : undefined;
}

/** As nginx says it. */
const page = (reason: string): Answer => ({
  status: Number(reason.slice(0, 3)),
  headers: { 'content-type': 'text/html' },
  body: Buffer.from(
    `<html>\r\n<head><title>${reason}</title></head>\r\n<body>\r\n<center><h1>${reason}</h1></center>\r\n` +
      '<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n',
  ),
});
