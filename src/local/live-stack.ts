import { resolve } from 'node:path';
import { accepts } from './readiness.js';
import { runningStack } from './running-stack.js';
import type { Stack } from './stack-file.js';

/** Returns the stack that is running in `dir`; undefined unless its supervisor is alive and every service accepts connections. */
export async function liveStack(dir: string): Promise<Stack | undefined> {
  const stack = await runningStack(dir);
  if (!stack) return undefined;
  const answering = await Promise.all(stack.processes.map(({ port }) => accepts(port)));
  return answering.includes(false) ? undefined : stack;
}

export interface StackStatus {
  running: boolean;
  /** Absolute path of the stack's folder. */
  dir: string;
  services: { name: string; address: string; pid: number; answers: boolean }[];
}

/** Reports what is running in `dir`, service by service; without secrets. */
export async function stackStatus(dir: string): Promise<StackStatus> {
  const stack = await runningStack(dir);
  if (!stack) return { running: false, dir: resolve(dir), services: [] };
  const addressOf: Record<string, string> = {
    temporal: `${stack.temporal.address}, Web UI ${stack.temporal.uiUrl}`,
    clickhouse: `${stack.clickhouse.url}, native ${stack.clickhouse.nativeAddress}`,
    s3: `${stack.s3.endpoint} (${stack.s3.kind})`,
  };
  const services = stack.processes.map(async ({ name, pid, port }) => ({
    name,
    address: addressOf[name] ?? String(port),
    pid,
    answers: await accepts(port),
  }));
  return { running: true, dir: stack.dir, services: await Promise.all(services) };
}
