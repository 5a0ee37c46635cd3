import { withApp, type ProjectOptions } from '../common/context.js';
import type { Output } from '../common/options.js';
import { runForItself } from '../common/own-run.js';
import { report } from '../common/report.js';
import { assertDays } from '../common/wanted.js';

interface RollbackOptions extends ProjectOptions {
  day: string;
  reason: string;
  withWorker?: boolean | undefined;
  output: Output;
}

/** Takes the newest publish of a day back, as a run of the day's workflow. */
export const rollBack = ({ day, reason, withWorker: own = false, project, output }: RollbackOptions): Promise<void> =>
  withApp({ project }, async (app) => {
    assertDays(app, day);
    await app.ledger.assertReadable();
    const asked = { what: 'rollback', own, quiet: output === 'json' };
    report(day, output, await runForItself(app, { day, rollback: true, reason }, asked));
  });
