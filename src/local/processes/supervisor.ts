import { createInterface } from 'node:readline';
import { startNativeGuard } from '../clickhouse/native-guard.js';
import { removeStack, writeStack, type StackProcess } from '../stack-file.js';
import { startGuardian } from './guarded.js';
import { launchOrder } from './launch-order.js';
import { endProcesses } from './processes.js';
import { SupervisedChild } from './supervised-child.js';

/*
 * Owns the processes of the stack: starts them, restarts one that dies, and stops all of them when its standard input closes
 * (unless detached), on SIGTERM, or when one keeps failing. Its own output goes to logs/supervisor.log.
 */

/** Time from SIGTERM to SIGKILL, in ms: a busy dev server or engine needs a second or two to close its files. */
const GRACE_MS = 8_000;

const input = createInterface({ input: process.stdin });
const lines = input[Symbol.asyncIterator]();
const order = launchOrder.parse(JSON.parse(String((await lines.next()).value)));
const { dir } = order.stack;

let ending = false;
let writing = Promise.resolve();
const guardian = startGuardian(dir, logLine);
const children = order.children.map(
  (spec) => new SupervisedChild(spec, dir, { changed, report: logLine, failed: (reason) => void shutDown(1, reason) }),
);

for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
  process.on(name, () => void shutDown(0, `received ${name}`));
if (!order.detach) input.on('close', () => void shutDown(0, 'the parent closed the pipe'));
for (const child of children) child.start();
if (order.native) {
  const { port } = order.native;
  startNativeGuard(order.native).catch((error: unknown) => shutDown(1, `cannot listen on ${port}: ${String(error)}`));
}

/** Passes changed pids to the guardian first, in case this process is killed, and then to the stack file. */
function changed(): void {
  if (ending) return;
  const processes = children.flatMap((child): StackProcess[] =>
    child.pid === undefined ? [] : [{ name: child.spec.name, pid: child.pid, port: child.spec.port }],
  );
  guardian.watch(processes.map(({ pid }) => pid));
  writing = writing
    .then(() => writeStack({ ...order.stack, supervisor: { pid: process.pid }, processes }))
    .catch((error: unknown) => shutDown(1, `cannot write stack.json: ${String(error)}`));
}

async function shutDown(code: number, reason: string): Promise<void> {
  if (ending) return;
  ending = true;
  logLine(`stopping: ${reason}`);
  for (const child of children) child.release();
  await endProcesses(
    children.flatMap(({ pid }) => pid ?? []),
    GRACE_MS,
  );
  guardian.stop();
  await writing;
  await removeStack(dir);
  process.exit(code);
}

function logLine(text: string): void {
  process.stderr.write(`${new Date().toISOString()} ${text}\n`);
}
