import { withApp, type ProjectOptions } from '../common/context.js';
import type { Output } from '../common/options.js';
import { runExclusive } from '../common/exclusive-run.js';
import { report } from '../common/report.js';
import { assertDays } from '../common/wanted.js';

interface RollbackOptions extends ProjectOptions {
  day: string;
  reason: string;
  withWorker?: boolean | undefined;
  output: Output;
}

/** Rolls back the newest publish of a day, in a run of the day's workflow. */
export const rollBack = ({ day, reason, withWorker: own = false, project, output }: RollbackOptions): Promise<void> =>
  withApp({ project }, async (app) => {
    assertDays(app, day);
    await app.ledger.assertReadable();
    const asked = { what: 'rollback', own, quiet: output === 'json' };
    report(day, output, await runExclusive(app, { day, rollback: true, reason }, asked));
  });
