import type { Client } from '@temporalio/client';
import { expect, test } from 'vitest';
import { missingSearchAttributes } from '../../src/temporal/namespace.js';

/* What a server answers that lists no search attributes: only Temporal Cloud does so, and only it refuses by API keys. */

const grpcError = (code: number, text: string) =>
  Object.assign(new Error(`${code} ${text}`), { code, details: text, metadata: {} });

/** A client of a server that lists no search attributes, and answers so about the namespace. */
const clientOf = (describeNamespace: () => Promise<unknown>): Client =>
  ({
    options: { namespace: "shop's" },
    connection: {
      options: { address: 'shop.tmprl.cloud:7233' },
      operatorService: { listSearchAttributes: () => Promise.reject(grpcError(12, 'UNIMPLEMENTED')) },
    },
    workflowService: { describeNamespace },
  }) as unknown as Client;

test('a server that knows the namespace, and does not list its search attributes, reports none as missing', async () => {
  expect(await missingSearchAttributes(clientOf(() => Promise.resolve({})))).toBeUndefined();
});

test.each([
  [5, 'NOT_FOUND', 'BadConfig', true, "create --namespace 'shop'\\''s' --address shop.tmprl.cloud:7233"],
  [7, 'PERMISSION_DENIED', 'AccessDenied', true, 'Check TEMPORAL_NAMESPACE, TEMPORAL_API_KEY and TEMPORAL_TLS_*.'],
  [16, 'UNAUTHENTICATED', 'AccessDenied', true, "refuses access to the namespace shop's (16 UNAUTHENTICATED)"],
  [14, 'UNAVAILABLE', 'Unavailable', false, 'Temporal at shop.tmprl.cloud:7233 does not say whether the namespace'],
])(
  'status %d (%s) of the namespace is no sign that nothing is missing',
  async (code, text, type, nonRetryable, said) => {
    const client = clientOf(() => Promise.reject(grpcError(code, text)));
    await expect(missingSearchAttributes(client)).rejects.toMatchObject({
      type,
      nonRetryable,
      message: expect.stringContaining(said) as string,
    });
  },
);
