import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { singleQuoted } from '../../shared/commands.js';
import { print } from '../common/output.js';

/** A command with everything that may follow it. */
interface Completed {
  /** Names from the program's first subcommand on; empty for the program itself. */
  path: readonly string[];
  description: string;
  subcommands: readonly { name: string; description: string }[];
  options: readonly { flag: string; description: string; choices: readonly string[] }[];
  /** Choices of its arguments. */
  values: readonly string[];
}

/** Lists a command and all commands below it. */
function commandsBelow(command: CommandUnknownOpts, path: readonly string[] = []): Completed[] {
  const help = command.createHelp();
  const subcommands = help.visibleCommands(command).filter((one) => one.name() !== 'help');
  return [
    {
      path,
      description: command.description(),
      subcommands: subcommands.map((one) => ({ name: one.name(), description: one.description() })),
      options: help
        .visibleOptions(command)
        .flatMap(({ long, description, argChoices }) =>
          long ? [{ flag: long, description, choices: argChoices ?? [] }] : [],
        ),
      values: command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
    },
    ...subcommands.flatMap((one) => commandsBelow(one, [...path, one.name()])),
  ];
}

/** The same function serves zsh, which has bash's words by `bashcompinit`. */
function bashScript(commands: readonly Completed[]): string {
  const words = ({ subcommands, options, values }: Completed) =>
    [...subcommands.map(({ name }) => name), ...values, ...options.map(({ flag }) => flag)].join(' ');
  const paths = commands.filter(({ path }) => path.length > 0).map(({ path }) => singleQuoted(path.join(' ')));
  const choices = new Map(
    commands
      .flatMap(({ options }) => options.filter((one) => one.choices.length > 0))
      .map((one) => [one.flag, one.choices]),
  );
  return `_daybook() {
  local current="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" path="" word next
  case "$before" in
${[...choices].map(([flag, of]) => `    ${flag}) COMPREPLY=($(compgen -W ${singleQuoted(of.join(' '))} -- "$current")); return ;;`).join('\n')}
  esac
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    next="\${path:+$path }$word"
    case "$next" in
      ${paths.join('|')}) path="$next" ;;
    esac
  done
  case "$path" in
${commands.map((one) => `    ${singleQuoted(one.path.join(' '))}) COMPREPLY=($(compgen -W ${singleQuoted(words(one))} -- "$current")) ;;`).join('\n')}
  esac
}
complete -o default -F _daybook daybook`;
}

function fishScript(commands: readonly Completed[]): string {
  const lines = commands.flatMap(({ path, subcommands, options, values }) => {
    const below = subcommands.map(({ name }) => name);
    const here = [
      ...path.map((name) => `__fish_seen_subcommand_from ${name}`),
      ...(below.length > 0 ? [`not __fish_seen_subcommand_from ${below.join(' ')}`] : []),
    ].join('; and ');
    const condition = here === '' ? '' : ` -n ${singleQuoted(here)}`;
    return [
      ...subcommands.map(
        ({ name, description }) => `complete -c daybook -f${condition} -a ${name} -d ${singleQuoted(description)}`,
      ),
      ...values.map((value) => `complete -c daybook -f${condition} -a ${value}`),
      ...options.map(
        ({ flag, description, choices }) =>
          `complete -c daybook${condition} -l ${flag.replace(/^--/, '')}` +
          (choices.length > 0 ? ` -x -a ${singleQuoted(choices.join(' '))}` : '') +
          ` -d ${singleQuoted(description)}`,
      ),
    ];
  });
  return lines.join('\n');
}

/** Prints the script of a shell for a program. */
export function printCompletion(shell: 'bash' | 'zsh' | 'fish', program: CommandUnknownOpts): void {
  const commands = commandsBelow(program);
  if (shell === 'fish') print(fishScript(commands));
  else print(`${shell === 'zsh' ? 'autoload -U +X bashcompinit && bashcompinit\n' : ''}${bashScript(commands)}`);
}
