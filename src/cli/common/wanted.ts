import type { App } from '../../app.js';
import { assertWanted } from '../../project/wanted.js';
import type { Day } from '../../shared/day.js';

/**
 * Refuses days that should not exist, before a command asks or records anything about them.
 *
 * @throws a final BadInput that says which days there are
 */
export function assertDays({ project }: Pick<App, 'project'>, ...days: readonly (Day | undefined)[]): void {
  const now = new Date();
  for (const day of days) if (day !== undefined) assertWanted(project.config, day, now);
}
