import { parseArgs } from 'node:util';
import { buildApp } from 'fauxqs';

/* An in-memory S3 server, in a separate process, for machines that have no versitygw. Its objects are lost when it exits. */

const { values } = parseArgs({ options: { port: { type: 'string' }, dir: { type: 'string' } } });
// Listen on the loopback interface only: the package's own start function listens on all of them.
await buildApp({ logger: false, host: '127.0.0.1' }).listen({ host: '127.0.0.1', port: Number(values.port) });
process.stdin.on('end', () => process.exit(0)).resume();
