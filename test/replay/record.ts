/**
 * Records the histories that the replay tests run: every scenario once, with the real workflows and stubbed activities, on a
 * Temporal server of its own. To be run when workflows changed on purpose; the old histories then show what they broke.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import * as prettier from 'prettier';
import { impatientServer } from '../support/impatient-server.js';
import { startTestStack } from '../support/stack.js';
import { stubbedNight, type StubbedNight } from '../support/workflows.js';
import { FOLDER, toKept } from './history-file.js';
import { SCENARIOS, type Scenario } from './scenarios.js';

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** Fields that identify the machine and are not needed in a replay. */
const REPLACED: Record<string, string> = { identity: 'a worker', stackTrace: '', requestId: '' };

function sanitize(value: Json): Json {
  if (Array.isArray(value)) return value.map(sanitize);
  if (typeof value !== 'object' || value === null) return value;
  if (value['kind'] === 'TASK_QUEUE_KIND_STICKY') return { ...value, name: 'a sticky queue' };
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, REPLACED[key] ?? sanitize(one)] as const));
}

async function record(scenario: Scenario, temporal: { address: string; namespace: string }): Promise<string> {
  const opened: { night?: StubbedNight } = {};
  const night = () => {
    if (!opened.night) throw new Error('the night has not begun');
    return opened.night;
  };
  opened.night = await stubbedNight(temporal, { ...scenario.options(night), project: 'shop' });
  try {
    const handle = await scenario.run(opened.night);
    const events = sanitize(JSON.parse(JSON.stringify(toKept(await handle.fetchHistory()))) as Json);
    const options = await prettier.resolveConfig(FOLDER);
    return await prettier.format(JSON.stringify(events), { ...options, parser: 'json' });
  } finally {
    await opened.night.stop();
  }
}

/** The scenarios' own server where they need one that is impatient. */
async function recordOn(scenario: Scenario, temporal: { address: string; namespace: string }): Promise<string> {
  if (scenario.suggestedAt === undefined) return await record(scenario, temporal);
  const server = await impatientServer(scenario.suggestedAt);
  try {
    return await record(scenario, { address: server.address, namespace: 'default' });
  } finally {
    await server.teardown();
  }
}

const { stack, stop } = await startTestStack(['temporal']);
try {
  await mkdir(FOLDER, { recursive: true });
  // Named ones alone, or all.
  const named = process.argv.slice(2);
  for (const [name, scenario] of Object.entries(SCENARIOS)) {
    if (named.length > 0 && !named.includes(name)) continue;
    const text = await recordOn(scenario, stack.temporal);
    if (text.includes(hostname())) throw new Error(`${name}: the history names this machine`);
    await writeFile(`${FOLDER}/${name}.json`, text);
    process.stdout.write(`${name}: ${text.length} bytes\n`);
  }
} finally {
  await stop();
}
