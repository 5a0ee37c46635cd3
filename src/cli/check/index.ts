import { firstAnswering } from '../../clickhouse/cluster/nodes.js';
import { otherProject } from '../../ledger/identity.js';
import { openLedger } from '../../ledger/ledger.js';
import { checkEngineStore } from '../../plan/check-engine.js';
import { checkFolders } from '../../plan/check-folders.js';
import { checkProject, type CheckServices } from '../../project/check.js';
import { readProject } from '../../project/load.js';
import { errorsOf } from '../../project/problems.js';
import type { Problem } from '../../project/project.js';
import { plural } from '../../shared/format.js';
import { missingSearchAttributes } from '../../temporal/namespace.js';
import { commandEnv, type ProjectOptions } from '../common/context.js';
import type { Output } from '../common/options.js';
import { print, printJson, worded } from '../common/output.js';

/** The input of `check`; `close` is called at the end in every case. */
export interface OpenCheck {
  /** The project folder. It may be broken: the check reports that. */
  dir: string;
  services: CheckServices;
  close: () => Promise<void>;
}

/** Opens the three services that the environment names; the check reads the project itself. */
async function openCheck(options: ProjectOptions): Promise<OpenCheck> {
  const { env, dir } = await commandEnv(options);
  const { openServices } = await import('../../app.js');
  // Of a broken folder nothing is known; the check reports what is wrong with it.
  const { project } = await readProject(dir);
  const { nodes, store, temporal, close } = openServices(env, project?.config.clickhouse);
  const clickhouse = nodes.length === 1 ? nodes[0] : await firstAnswering(nodes);
  return {
    dir,
    services: {
      clickhouse,
      store,
      folders: (found) => checkFolders(found, store, new Date()),
      engineStore: (found) => checkEngineStore(found, { clickhouse, store }),
      otherProject: async ({ config }) =>
        otherProject(config, await openLedger(clickhouse, config.project).owner(config)),
      missingSearchAttributes: async () => await missingSearchAttributes(await temporal()),
      localStack: env.localStack,
      chosen: env.clickhouse.chosen ?? false,
      named: env.named,
    },
    close,
  };
}

/** Checks the project and prints its problems; exit code 1 if one of them is an error. */
export async function check(
  { project, output }: ProjectOptions & { output: Output },
  open: (options: ProjectOptions) => Promise<OpenCheck> = openCheck,
): Promise<void> {
  const { dir, services, close } = await open({ project });
  try {
    const problems = await checkProject(dir, services);
    const ok = errorsOf(problems).length === 0;
    if (output === 'json') printJson({ ok, dir, problems });
    else print(checkText(dir, problems));
    if (!ok) process.exitCode = 1;
  } finally {
    await close();
  }
}

/** Formats each problem on three lines: where, what, and how to fix it; then their number. */
function checkText(dir: string, problems: readonly Problem[]): string {
  const described = problems.map(
    ({ severity, where, what, fix }) =>
      `${severity}: ${where}\n  ${what.replaceAll('\n', '\n  ')}\n  -> ${worded(fix).replaceAll(/\n */g, '\n     ')}\n`,
  );
  const errors = errorsOf(problems).length;
  const warnings = problems.length - errors;
  const counts = [errors > 0 ? plural(errors, 'error') : '', warnings > 0 ? plural(warnings, 'warning') : ''];
  const verdict = problems.length === 0 ? 'config, SQL and connections are fine' : counts.filter(Boolean).join(', ');
  return [...described, `${dir}: ${verdict}`].join('\n');
}
