import { checkFolders } from '../../plan/check-folders.js';
import { checkProject, type CheckServices } from '../../project/check.js';
import { errorsOf } from '../../project/problems.js';
import type { Problem } from '../../project/project.js';
import { plural } from '../../shared/format.js';
import { missingSearchAttributes } from '../../temporal/client.js';
import { commandEnv, projectDir, type ProjectOptions } from '../common/context.js';
import type { Output } from '../common/options.js';
import { print, printJson, worded } from '../common/output.js';

/** What `check` works on; `close` is called at the end, whatever happened. */
export interface OpenCheck {
  /** The project folder. It may be broken: that is for the check to say. */
  dir: string;
  services: CheckServices;
  close: () => Promise<void>;
}

/** The three services as the environment names them; the project itself is read by the check. */
async function openCheck({ project }: ProjectOptions): Promise<OpenCheck> {
  const env = await commandEnv();
  const { openServices } = await import('../../app.js');
  const { clickhouse, store, temporal, close } = openServices(env);
  return {
    dir: projectDir(env, project),
    services: {
      clickhouse,
      store,
      folders: (found) => checkFolders(found, store, new Date()),
      missingSearchAttributes: async () => await missingSearchAttributes(await temporal()),
      localStack: env.localStack,
      named: env.named,
    },
    close,
  };
}

/** Checks the project and prints what is wrong; exit code 1 where something stops a build. */
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

/** Each problem on three lines: where, what, and the way to mend it; then how many there are. */
function checkText(dir: string, problems: readonly Problem[]): string {
  const told = problems.map(
    ({ severity, where, what, fix }) =>
      `${severity}: ${where}\n  ${what.replaceAll('\n', '\n  ')}\n  -> ${worded(fix).replaceAll(/\n */g, '\n     ')}\n`,
  );
  const errors = errorsOf(problems).length;
  const warnings = problems.length - errors;
  const counts = [errors > 0 ? plural(errors, 'error') : '', warnings > 0 ? plural(warnings, 'warning') : ''];
  const verdict = problems.length === 0 ? 'config, SQL and connections are right' : counts.filter(Boolean).join(', ');
  return [...told, `${dir}: ${verdict}`].join('\n');
}
