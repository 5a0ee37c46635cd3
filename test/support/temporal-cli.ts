import { execa } from 'execa';
import { processVariables, readEnv } from '../../src/env.js';
import { findTemporal } from '../../src/local/programs/executables.js';

/** The `temporal` executable that the local stack uses, too. */
export const temporalExecutable = (): Promise<string> => findTemporal(readEnv(processVariables()), () => undefined);

/** Runs the `temporal` CLI against a server, with nothing of the developer's shell; throws where it fails. */
export async function temporal(
  { address, namespace }: { address: string; namespace: string },
  ...args: readonly string[]
): Promise<string> {
  const { stdout } = await execa(
    await temporalExecutable(),
    [...args, '--address', address, '--namespace', namespace],
    { env: { HOME: '/nonexistent' }, extendEnv: false, stdin: 'ignore' },
  );
  return stdout;
}
