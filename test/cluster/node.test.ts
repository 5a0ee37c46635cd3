import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, inject, test } from 'vitest';

test.skipIf(inject('services') === undefined)('a node refuses a library whose code it does not know', async () => {
  const script = fileURLToPath(new URL('node.py', import.meta.url));
  const other = process.execPath;
  const { exitCode, stderr } = await execa(
    'python3',
    [script, '--library', other, '--dir', '/nonexistent', '--interserver', '127.0.0.2:1'],
    { reject: false },
  );
  expect({ exitCode, stderr }).toEqual({
    exitCode: 1,
    stderr: `${other} is not the library of chdb 3.4.0 for Linux on x64, the only one with known addresses.`,
  });
});
