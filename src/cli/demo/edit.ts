import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openApp, type App } from '../../app.js';
import { demoDays } from '../../local/demo/generate.js';
import { planDay } from '../../plan/planning.js';
import { planChanges } from '../../project/apply/apply.js';
import type { Project } from '../../project/project.js';
import type { Page } from './page.js';

const EDITED = join('sql', 'aggregates', 'daily_summary.sql');

/** The edit: one more column, and the expression that fills it. */
const CHANGES = [
  ['revenue    Decimal(18, 2),\n', 'revenue    Decimal(18, 2),\n    basket     Nullable(Float64),\n'],
  ['sales.revenue AS revenue,\n', 'sales.revenue AS revenue,\n    round(sales.revenue / sales.orders, 2) AS basket,\n'],
] as const;

/**
 * Shows the effect of an edited model on a copy of the project's folder: what `daybook apply` would do to the table, and which
 * days `daybook plan` would report as stale. Changes nothing.
 */
export async function showEdit(app: App, page: Page): Promise<void> {
  const begun = performance.now();
  const folder = await mkdtemp(join(tmpdir(), 'daybook-edit-'));
  try {
    await copyEdited(app.project, folder);
    const edited = await openApp(app.env, folder);
    try {
      const { dependencies: deps } = edited;
      const project = await deps.loadProject();
      const schema = await deps.readSchema(project);
      const statements = (await planChanges(project, schema, edited.clickhouse)).flatMap((change) => change.statements);
      const stale = new Map<string, string[]>();
      for (const day of demoDays())
        for (const { table, staleness } of (await planDay(deps, { project, schema, day, force: false })).verdict.tables)
          if (staleness === 'code') stale.set(table, [...(stale.get(table) ?? []), day]);
      page.row('an edit', `one more column in ${EDITED}, tried on a copy`, performance.now() - begun);
      for (const sql of statements) page.row('  apply', sql.replaceAll('`', '').replaceAll(/\s+/g, ' '));
      for (const [table, days] of stale)
        page.row('  plan', `stale (code): ${table} of ${days[0] ?? ''} to ${days.at(-1) ?? ''}, no other table`);
    } finally {
      await edited.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function copyEdited({ dir }: Project, folder: string): Promise<void> {
  await cp(join(dir, 'daybook.config.ts'), join(folder, 'daybook.config.ts'));
  await cp(join(dir, 'sql'), join(folder, 'sql'), { recursive: true });
  const path = join(folder, EDITED);
  let text = await readFile(path, 'utf8');
  for (const [before, after] of CHANGES) {
    if (!text.includes(before)) throw new RangeError(`${EDITED} does not contain ${JSON.stringify(before)}`);
    text = text.replace(before, () => after);
  }
  await writeFile(path, text);
}
