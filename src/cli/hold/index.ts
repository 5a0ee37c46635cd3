import { command } from '../../shared/commands.js';
import { heldNow, heldSince } from '../../shared/notes.js';
import { plain, sentence } from '../../shared/sentence.js';
import { withApp, type ProjectOptions } from '../common/context.js';
import type { Output } from '../common/options.js';
import { print, printJson } from '../common/output.js';
import { assertDays } from '../common/wanted.js';

interface DayOptions extends ProjectOptions {
  day: string;
  output: Output;
}

/** Records that a day is held. */
export const holdDay = ({ day, reason, project, output }: DayOptions & { reason: string }): Promise<void> =>
  withApp({ project }, async (app) => {
    const { ledger } = app;
    assertDays(app, day);
    await ledger.assertReadable(app.project.config);
    await ledger.recordHold('held', day, reason);
    if (output === 'json') printJson({ day, held: true, reason });
    else print(heldNow(day));
  });

/** Records that a day is no longer held. */
export const releaseDay = ({ day, project, output }: DayOptions): Promise<void> =>
  withApp({ project }, async ({ ledger, project: { config } }) => {
    await ledger.assertReadable(config);
    const hold = await ledger.holdOf(day);
    if (hold) await ledger.recordHold('released', day, '');
    if (output === 'json') printJson({ day, held: false, was: hold ?? null });
    else if (hold) {
      print(`It was: ${plain(heldSince(hold)).split('. ')[0] ?? ''}.`);
      print(sentence(`${day} is released, and nightly runs check it again. To run it now: `, command.run(day)));
    } else print(`${day} was not held.`);
  });
