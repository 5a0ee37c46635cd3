import { parseArgs } from 'node:util';
import { buildApp } from 'fauxqs';

/* The S3 stand-in for machines without Go, as a process of its own: objects live in its memory and end with it. */

const { values } = parseArgs({ options: { port: { type: 'string' }, dir: { type: 'string' } } });
// Listening by hand: the package's own start listens on every interface of the machine.
await buildApp({ logger: false, host: '127.0.0.1' }).listen({ host: '127.0.0.1', port: Number(values.port) });
process.stdin.on('end', () => process.exit(0)).resume();
