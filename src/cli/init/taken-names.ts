import { namesServices, processVariables, readEnv, type Env } from '../../env.js';
import { runningStack } from '../../local/running-stack.js';
import { stackVariables } from '../../local/stack-file.js';

/** How long a ledger may take to answer, in milliseconds: a name is chosen without it then. */
const PATIENCE = 3_000;

/** Returns the names of projects in the ledger that the environment leads to; empty if it leads to none. */
export async function takenNames(): Promise<Set<string>> {
  const env = await serviceEnv();
  if (!env) return new Set();
  const { connectClickHouse } = await import('../../clickhouse/client.js');
  const { addressesOf } = await import('../../clickhouse/cluster/nodes.js');
  // One node of a cluster is enough to choose a name.
  const [url] = addressesOf(env.clickhouse);
  const clickhouse = connectClickHouse({ ...env.clickhouse, url });
  const named = async (table: string) => {
    const statement = { sql: `SELECT DISTINCT project FROM daybook.${table}` };
    // No server, no ledger, an older one: the project's identity distinguishes it later.
    const rows = clickhouse.rows<{ project: string }>(statement, { signal: AbortSignal.timeout(PATIENCE) });
    return (await rows.catch(() => [])).map(({ project }) => project);
  };
  try {
    return new Set((await Promise.all([named('projects'), named('builds')])).flat());
  } finally {
    await clickhouse.close();
  }
}

/** The environment of the services that are set, or of the user's running local stack. */
async function serviceEnv(): Promise<Env | undefined> {
  const vars = processVariables();
  if (namesServices(vars)) return readEnv(vars);
  const stack = await runningStack(readEnv(vars).local.stackDir);
  return stack && readEnv({ ...vars, ...stackVariables(stack) });
}
