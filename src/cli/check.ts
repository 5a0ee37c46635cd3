import { Command } from '@commander-js/extra-typings';
import { plural } from '../core/format.js';
import { missingSearchAttributes } from '../io/temporal.js';
import { checkProject, type CheckServices } from '../project/check.js';
import { errorsOf } from '../project/problems.js';
import type { Problem } from '../project/project.js';
import { commandEnv, projectDir } from './context.js';
import { examples, outputOption, print, printJson, projectOption } from './output.js';

/** What `check` works on; `close` is called at the end, whatever happened. */
export interface OpenCheck {
  /** The project folder. It may be broken: that is for the check to say. */
  dir: string;
  services: CheckServices;
  close: () => Promise<void>;
}

/** The three services as the environment names them; the project itself is read by the check. */
export async function openCheck({ project }: { project?: string | undefined }): Promise<OpenCheck> {
  const env = await commandEnv();
  const { openServices } = await import('../app.js');
  const { clickhouse, store, temporal, close } = openServices(env);
  return {
    dir: projectDir(env, project),
    services: {
      clickhouse,
      store,
      missingSearchAttributes: async () => await missingSearchAttributes(await temporal()),
      localStack: env.localStack,
      named: env.named,
    },
    close,
  };
}

/** `daybook check`: exit code 0 where nothing stops a build (warnings are allowed), 1 where something does. */
export const checkCommand = (open: (options: { project?: string | undefined }) => Promise<OpenCheck>) =>
  new Command('check')
    .description('Say what is wrong with the config, the SQL and the three connections, and how to mend it')
    .addOption(projectOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples(
        ['daybook check', 'nothing is changed; the SQL is tried on empty tables in a scratch database'],
        ['daybook check --project ../shop --output json', 'one JSON document: { ok, dir, problems }'],
      ),
    )
    .action(async ({ project, output }) => {
      const { dir, services, close } = await open({ project });
      try {
        const problems = await checkProject(dir, services);
        const ok = errorsOf(problems).length === 0;
        if (output === 'json') printJson({ ok, dir, problems });
        else print(textOf(dir, problems));
        if (!ok) process.exitCode = 1;
      } finally {
        await close();
      }
    });

/** Each problem on three lines: where, what, and the way to mend it; then how many there are. */
function textOf(dir: string, problems: readonly Problem[]): string {
  const told = problems.map(
    ({ severity, where, what, fix }) =>
      `${severity}: ${where}\n  ${what.replaceAll('\n', '\n  ')}\n  -> ${fix.replaceAll(/\n */g, '\n     ')}\n`,
  );
  const errors = errorsOf(problems).length;
  const warnings = problems.length - errors;
  const counts = [errors > 0 ? plural(errors, 'error') : '', warnings > 0 ? plural(warnings, 'warning') : ''];
  const verdict = problems.length === 0 ? 'config, SQL and connections are right' : counts.filter(Boolean).join(', ');
  return [...told, `${dir}: ${verdict}`].join('\n');
}
