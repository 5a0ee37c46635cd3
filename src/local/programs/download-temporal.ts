import { TestWorkflowEnvironment } from '@temporalio/testing';

/* In a separate process, lets the SDK download the given version of the Temporal CLI to a folder, and starts it once. */

const [downloadDir = '', version = ''] = process.argv.slice(2);
try {
  const server = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'cached-download', version, downloadDir } },
  });
  await server.teardown();
  process.exit(0);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
