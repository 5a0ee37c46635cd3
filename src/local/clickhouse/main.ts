import { closeSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { DataType, load, open } from 'ffi-rs';
import { serverArguments } from './config.js';
import { findLibrary } from './library.js';

/*
 * Runs a ClickHouse server from the library that npm installs, in a separate process:
 *
 *   node main.js --dir FOLDER        (the stack's folder, with clickhouse/config.xml)
 *
 * The library exports all of `clickhouse local` as one function, which returns when its last statement does. That statement
 * reads from a pipe of this process, and closing the pipe shuts the server down: on SIGTERM, SIGINT, and when stdin closes.
 * The native port needs a guard, see native-guard.ts. Environment variables reach the engine's S3 client, so start this with a
 * minimal environment.
 */

/** Milliseconds after which the process is killed: a statement may wait for a store that does not respond. */
const LAST_RESORT_MS = 5_000;

const { values } = parseArgs({ options: { dir: { type: 'string' } } });
if (!values.dir) throw new Error('Found no --dir. Expected the folder of a local stack.');

const LIBRARY = 'clickhouse';
/** `local_result_v2` of `chdb.h`. */
const RESULT = {
  buffer: DataType.BigInt,
  length: DataType.BigInt,
  vector: DataType.BigInt,
  elapsed: DataType.Double,
  rows: DataType.BigInt,
  bytes: DataType.BigInt,
  error: DataType.BigInt,
} as const;
open({ library: LIBRARY, path: findLibrary() });

const pipe = openPipe();
const args = ['clickhouse', ...serverArguments(values.dir, `'/dev/fd/${pipe.read}'`)];
const stopping = new AbortController();

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, stop);
process.stdin.on('close', stop).resume();

const { error } = await load({
  library: LIBRARY,
  funcName: 'query_stable_v2',
  retType: RESULT,
  paramsType: [DataType.I32, DataType.StringArray],
  paramsValue: [args.length, args],
  // The event loop stays free for signals.
  runInNewThread: true,
});
const asked = stopping.signal.aborted;
if (!asked) process.stderr.write(`ClickHouse stopped on its own. ${textAt(error.valueOf())}\n`);
process.exit(asked ? 0 : 1);

function stop(): void {
  if (stopping.signal.aborted) return;
  stopping.abort();
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), LAST_RESORT_MS);
  closeSync(pipe.write);
}

/** Opens a pipe with a system call, because Node opens pipes only to other processes. */
function openPipe(): { read: number; write: number } {
  const ends = Buffer.alloc(2 * Int32Array.BYTES_PER_ELEMENT);
  const failed = load({
    library: LIBRARY,
    funcName: 'pipe',
    retType: DataType.I32,
    paramsType: [DataType.U8Array],
    paramsValue: [ends],
  });
  if (failed !== 0) throw new Error('Cannot open a pipe. Too many files are open.');
  const [read = 0, write = 0] = new Int32Array(ends.buffer, ends.byteOffset, 2);
  return { read, write };
}

/** Reads the text at an address; empty for the null address. */
function textAt(address: bigint): string {
  if (address === 0n) return '';
  return load({
    library: LIBRARY,
    funcName: 'strdup',
    retType: DataType.String,
    paramsType: [DataType.BigInt],
    paramsValue: [address],
  });
}
