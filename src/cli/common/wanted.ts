import type { App } from '../../app.js';
import { assertWanted } from '../../project/wanted.js';
import type { Day } from '../../shared/day.js';

/**
 * Rejects days that should not exist, before a command reads or records anything for them.
 *
 * @throws a final BadInput that names the valid range
 */
export function assertDays({ project }: Pick<App, 'project'>, ...days: readonly (Day | undefined)[]): void {
  const now = new Date();
  for (const day of days) if (day !== undefined) assertWanted(project.config, day, now);
}
