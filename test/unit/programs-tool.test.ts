import { expect, test } from 'vitest';
import { processVariables } from '../../src/env.js';
import { runTool } from '../../src/local/programs/tool.js';

const env = { PATH: processVariables()['PATH'] ?? '' };
const run = (script: string, limits: { timeoutMs?: number; firstLineMs?: number } = {}) =>
  runTool('sh', ['-c', script], { env, timeoutMs: 9_000, ...limits });

test('a tool that prints nothing is given up early, one that prints may take its time', async () => {
  await expect(run('exec sleep 60', { firstLineMs: 100 })).rejects.toThrow('no answer within 0.1 s');
  await expect(run('echo begun; sleep 2.5', { firstLineMs: 2_000 })).resolves.toBeUndefined();
  await expect(run('echo begun; exec sleep 60', { timeoutMs: 300 })).rejects.toThrow('not done after 0.3 s');
});

test('a failure says how the tool ended and its last three lines', async () => {
  await expect(run('for n in 1 2 3 4; do echo line $n; done; exit 3')).rejects.toThrow(
    'sh ended with 3: line 2 / line 3 / line 4',
  );
  await expect(run('kill -TERM $$')).rejects.toThrow('sh ended with SIGTERM');
  await expect(runTool('no-such-tool', [], { env, timeoutMs: 5_000 })).rejects.toThrow(
    'there is no `no-such-tool` on PATH',
  );
});
