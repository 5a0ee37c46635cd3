import { describe, expect, test } from 'vitest';
import { commandsOf, final, rootText, textOf } from '../../src/errors.js';
import { command, commandLine } from '../../src/shared/commands.js';
import { commandsIn, joinTexts, plain, sentence, textFor, withCommand } from '../../src/shared/sentence.js';

const DAY = '2026-11-10';
const run = command.run(DAY);
const forced = command.run(DAY, '--force');

describe('a command', () => {
  test('is typed as it is, and a shell reads each argument as one', () => {
    expect(commandLine(forced)).toBe(`npx daybook run --day ${DAY} --force`);
    expect(commandLine(command.trace(DAY, 'orders', "name = 'x y'"))).toBe(
      `npx daybook trace --day ${DAY} --table orders --where 'name = '\\''x y'\\'''`,
    );
  });

  test('carries the project that it is about, unless it is about none', () => {
    expect(commandLine(run, '../my shop')).toBe(`npx daybook run --day ${DAY} --project '../my shop'`);
    expect(commandLine(command.local('up', '--detach'), '../shop')).toBe('npx daybook local up --detach');
  });
});

describe('a sentence', () => {
  test('keeps each command once beside its text', () => {
    const text = joinTexts(
      [sentence('First: ', run, '.'), 'nothing to run', sentence('Again: ', run, ' or ', forced)],
      '\n',
    );
    expect(plain(text)).toBe(
      `First: npx daybook run --day ${DAY}.\nnothing to run\nAgain: npx daybook run --day ${DAY} or npx daybook run --day ${DAY} --force`,
    );
    expect(commandsIn(text)).toEqual([run, forced]);
  });

  test('is plain text where it names no command', () => {
    expect(sentence('a', 'b')).toBe('ab');
  });

  test('shows a project in every command, also in one that begins like another', () => {
    expect(textFor(sentence('Run: ', run, ', or: ', forced, '. Then look.'), 'shop')).toBe(
      `Run: npx daybook run --day ${DAY} --project shop, or: npx daybook run --day ${DAY} --force --project shop. Then look.`,
    );
  });

  test('that names a command gets no second one', () => {
    expect(withCommand(sentence('See: ', forced), run)).toEqual(sentence('See: ', forced));
    expect(commandsIn(withCommand('It is gone.', run))).toEqual([run]);
  });
});

describe('a failure', () => {
  test('brings the commands of its message along, whatever wraps it', () => {
    const failure = final('Held', sentence('Held. Release it: ', command.unhold(DAY)), {
      details: { step: 'publish' },
    });
    expect(failure.message).toBe(`Held. Release it: npx daybook unhold --day ${DAY}`);
    expect(failure.details).toEqual([{ step: 'publish', commands: [command.unhold(DAY)] }]);
    expect(commandsOf(failure)).toEqual([command.unhold(DAY)]);
    expect(rootText(final('Bug', 'outer', { cause: failure }))).toEqual(textOf(failure));
  });

  test('of an earlier version is its text alone', () => {
    expect(textOf(final('Held', 'Held. Release it: npx daybook unhold'))).toBe('Held. Release it: npx daybook unhold');
  });
});
