import { Argument, Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { examples } from '../common/options.js';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** Defines `daybook completion`, which prints what a shell needs to complete commands and options. */
export const completionCommand = () =>
  new Command('completion')
    .description('Print a script that completes commands and options in a shell')
    .addArgument(new Argument('<shell>', 'which shell').choices(SHELLS))
    .addHelpText(
      'after',
      examples(
        ['source <(daybook completion bash)', 'in ~/.bashrc'],
        ['source <(daybook completion zsh)', 'in ~/.zshrc, after compinit'],
        ['daybook completion fish | source', 'in ~/.config/fish/config.fish'],
      ),
    )
    .action(async (shell, _, self: CommandUnknownOpts) => {
      const { printCompletion } = await import('./index.js');
      printCompletion(shell, self.parent ?? self);
    });
