import { createInterface } from 'node:readline';
import { endProcesses } from './processes.js';

/*
 * Reads lines with a JSON array of pids, each replacing the one before; ends the processes of the last line when the pipe
 * closes. A supervisor that exits normally kills this process, so the pipe closes only if the supervisor was killed.
 */

/** From SIGTERM to SIGKILL, in ms. */
const GRACE_MS = 5_000;

let pids: number[] = [];
const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  pids = JSON.parse(line) as number[];
});
lines.on('close', () => void endProcesses(pids, GRACE_MS));
for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(name, () => undefined);
