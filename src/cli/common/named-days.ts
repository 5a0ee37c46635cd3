import { join } from 'node:path';
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { processVariables, readEnv } from '../../env.js';
import { addDays, dayIn } from '../../shared/day.js';
import { projectDir } from './context.js';
import { YESTERDAY } from './options.js';

/** Options that are days. */
const DAYS = ['day', 'start', 'end'] as const;

/** Replaces the word `yesterday` in a command's options by that day in the project's time zone. */
export async function nameDays(command: CommandUnknownOpts): Promise<void> {
  const named = DAYS.filter((option) => command.getOptionValue(option) === YESTERDAY);
  if (named.length === 0) return;
  const env = readEnv(processVariables());
  const { loadProject } = await import('../../project/load.js');
  const given = command.getOptionValue('project') as string | undefined;
  const { config } = await loadProject(projectDir(env, given), join(env.local.cacheDir, 'configs'));
  const day = addDays(dayIn(config.timezone, new Date()), -1);
  for (const option of named) command.setOptionValue(option, day);
}
