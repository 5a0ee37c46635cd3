import { TestWorkflowEnvironment } from '@temporalio/testing';
import { processVariables, readEnv } from '../../src/env.js';
import { findTemporal } from '../../src/local/programs/executables.js';
import { SEARCH_ATTRIBUTES } from '../../src/shared/names.js';
import { testBundle } from './worker.js';

/** A Temporal server that suggests continue-as-new after a given number of events; by default that is 4,096. */
export async function impatientServer(suggestedAt: number): Promise<TestWorkflowEnvironment> {
  await testBundle();
  const path = await findTemporal(readEnv(processVariables()), () => undefined);
  return await TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path },
      ip: '127.0.0.1',
      log: { format: 'json', level: 'error' },
      extraArgs: [
        ...['--dynamic-config-value', `limit.historyCount.suggestContinueAsNew=${suggestedAt}`],
        ...SEARCH_ATTRIBUTES.flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
      ],
    },
  });
}
