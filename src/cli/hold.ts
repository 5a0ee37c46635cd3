import { Command } from '@commander-js/extra-typings';
import { heldNow, heldSince } from '../core/words.js';
import { assertWanted } from '../project/wanted.js';
import { withApp } from './context.js';
import { examples, outputOption, print, printJson, projectOption } from './output.js';
import { parseDay } from './run.js';

/** `daybook hold`: the day stays as it is, whatever arrives; later days look back on it as it is. */
export const holdCommand = () =>
  new Command('hold')
    .description('Leave a day as it is: no night and no run builds it until it is released or forced')
    .requiredOption('--day <YYYY-MM-DD>', "the day, in the project's time zone", parseDay)
    .option('--reason <text>', 'why, for those who meet the held day', '')
    .addOption(projectOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples(
        ['daybook hold --day 2026-11-05 --reason "figures were audited"'],
        ['daybook status', 'shows which days are held'],
      ),
    )
    .action(({ day, reason, project, output }) =>
      withApp({ project }, async ({ ledger, project: { config } }) => {
        assertWanted(config, day, new Date());
        await ledger.assertReadable();
        await ledger.recordHold('held', day, reason);
        if (output === 'json') printJson({ day, held: true, reason });
        else print(heldNow(day));
      }),
    );

/** `daybook unhold`: the opposite of `hold`, also after a rollback. Exit code 0 also where the day was not held. */
export const unholdCommand = () =>
  new Command('unhold')
    .description('Release a held day, so that runs build it again where something changed')
    .requiredOption('--day <YYYY-MM-DD>', "the day, in the project's time zone", parseDay)
    .addOption(projectOption())
    .addOption(outputOption())
    .addHelpText('after', examples(['daybook unhold --day 2026-11-05']))
    .action(({ day, project, output }) =>
      withApp({ project }, async ({ ledger }) => {
        await ledger.assertReadable();
        const hold = await ledger.holdOf(day);
        if (hold) await ledger.recordHold('released', day, '');
        if (output === 'json') printJson({ day, held: false, was: hold ?? null });
        else if (hold) {
          print(`It was: ${heldSince(hold).split('. ')[0] ?? ''}.`);
          print(`${day} is released. Nights look at it as at any day; now: npx daybook run --day ${day}`);
        } else print(`${day} was not held.`);
      }),
    );
