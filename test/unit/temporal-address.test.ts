import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isHost } from '../../src/temporal/address.js';
import { connectTemporal } from '../../src/temporal/client.js';

test.each([
  ['127.0.0.1:7233', true],
  ['temporal.example', true],
  ['shop.a1b2.tmprl.cloud:7233', true],
  ['[::1]:7233', true],
  ['[2001:db8::1]', true],
  // What gRPC itself would take, the SDK's client refuses.
  ['dns:///temporal.example:7233', false],
  ['unix:/run/temporal.sock', false],
  ['::1', false],
  ['https://temporal.example', false],
])('%s as the address of Temporal: %j', (address, expected) => {
  expect(isHost(address)).toBe(expected);
});

test('an address with a scheme in temporal.toml is named with its file, and is not retried', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'temporal-'));
  const file = join(dir, 'temporal.toml');
  try {
    await writeFile(file, '[profile.default]\naddress = "http://127.0.0.1:7233"\n');
    await expect(connectTemporal({ TEMPORAL_CONFIG_FILE: file })).rejects.toMatchObject({
      type: 'BadConfig',
      nonRetryable: true,
      message:
        "Temporal's address: found 'http://127.0.0.1:7233', expected a host and a port without http://, such as 127.0.0.1:7233. " +
        'Correct address in temporal.toml, or set TEMPORAL_ADDRESS.',
    });
  } finally {
    await rm(dir, { recursive: true });
  }
});
