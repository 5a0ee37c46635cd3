import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { messageOf } from '../errors.js';
import { SEARCH_ATTRIBUTES } from '../shared/names.js';
import type { ServiceName } from './processes/children.js';
import type { Stack } from './stack-file.js';

/** How long the dev server keeps closed histories; its default of 24 h is too short to look at last week's runs. */
const RETENTION = '30 days';

/** Checks a service once: resolves if it is ready, rejects with the reason if not. */
export const answers: Record<ServiceName, (stack: Stack) => Promise<void>> = {
  temporal: async ({ temporal }) => {
    const connection = await Connection.connect({ address: temporal.address, connectTimeout: 2_000 });
    try {
      const { customAttributes } = await connection.operatorService.listSearchAttributes({
        namespace: temporal.namespace,
      });
      const missing = SEARCH_ATTRIBUTES.filter((name) => !(name in customAttributes));
      if (missing.length > 0) throw new Error(`search attributes not there yet: ${missing.join(', ')}`);
    } finally {
      await connection.close();
    }
  },
  clickhouse: async ({ clickhouse }) => {
    const response = await fetch(`${clickhouse.url}/ping`, { signal: AbortSignal.timeout(2_000) });
    const text = await response.text();
    if (!response.ok) throw new Error(`/ping answered ${response.status} ${text}`);
  },
  // An error about a missing signature is a response, too.
  s3: async ({ s3 }) => {
    const response = await fetch(s3.endpoint, { signal: AbortSignal.timeout(2_000) });
    await response.arrayBuffer();
  },
};

/**
 * Waits until every given service of the stack is ready.
 * @throws with the last reason of a service that is not, after `timeoutMs`; or when `signal` is aborted
 */
export async function waitUntilReady(
  stack: Stack,
  services: readonly ServiceName[],
  { timeoutMs, signal, onReady }: { timeoutMs: number; signal: AbortSignal; onReady: (name: ServiceName) => void },
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  await Promise.all(
    services.map(async (name) => {
      for (;;) {
        signal.throwIfAborted();
        try {
          await answers[name](stack);
          onReady(name);
          return;
        } catch (error) {
          if (Date.now() > deadline) {
            throw new Error(`${name} is not ready after ${timeoutMs / 1000} s: ${messageOf(error)}`, {
              cause: error,
            });
          }
        }
        await sleep(100);
      }
    }),
  );
}

/** Sets the retention of closed histories to {@link RETENTION}. */
export async function keepHistories({ temporal }: Stack): Promise<void> {
  const connection = await Connection.connect({ address: temporal.address });
  try {
    await connection.workflowService.updateNamespace({
      namespace: temporal.namespace,
      config: { workflowExecutionRetentionTtl: msToTs(RETENTION) },
    });
  } finally {
    await connection.close();
  }
}

/** Returns true if the port accepts a connection within a second. */
export const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: 1_000 });
    const done = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => {
      done(true);
    });
    socket.once('timeout', () => {
      done(false);
    });
    socket.once('error', () => {
      done(false);
    });
  });
