import { Command } from '@commander-js/extra-typings';
import type { App } from '../app.js';
import { applyTables } from '../project/apply.js';
import { bucketsOf } from '../project/project.js';
import { withApp } from './context.js';
import { examples, print, projectOption } from './output.js';

/** Makes the project stand: the ledger, the database and its tables. Answers what it did, one line each. */
export async function apply({ env, clickhouse, store, ledger, project, dependencies }: App): Promise<string[]> {
  const { database } = project.config;
  const buckets = [];
  if (env.localStack)
    for (const bucket of bucketsOf(project)) if (await store.createBucket(bucket)) buckets.push(bucket);
  await ledger.migrate();
  const schema = await dependencies.readSchema(project);
  const changes = await applyTables(schema, clickhouse, database);
  return [
    ...buckets.map((bucket) => `created bucket ${bucket}`),
    ...changes.map(({ table }) => `created ${database}.${table}`),
  ];
}

export const applyCommand = () =>
  new Command('apply')
    .description('Create the ledger, the database and the tables that are missing; never changes one that stands')
    .addOption(projectOption())
    .addHelpText('after', examples(['daybook apply', 'safe to repeat: the second time it finds nothing to do']))
    .action(({ project }) =>
      withApp({ project }, async (app) => {
        const done = await apply(app);
        for (const line of done) print(line);
        print(done.length === 0 ? 'Everything stands as the project says.' : `Applied ${done.length} changes.`);
      }),
    );
