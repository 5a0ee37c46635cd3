import { expect, test } from 'vitest';
import { commandsFor, type DayForecast } from '../../src/cli/plan/forecast.js';
import { command } from '../../src/shared/commands.js';

const forecast = (day: string, outcome: DayForecast['outcome']): DayForecast => ({
  ...{ day, outcome, tables: [], toRead: { objects: 0, bytes: 0 }, notes: [] },
  command: outcome === 'build' ? command.run(day) : outcome === 'code' ? command.backfill(day, day) : '',
});

test('the backfill of days that differ by code covers days between them, but none that would fail', () => {
  const outcomes = ['code', 'unchanged', 'code', 'fails', 'fails', 'code', 'held', 'code', 'fails'] as const;
  const days = outcomes.map((outcome, index) => forecast(`2026-11-0${index + 1}`, outcome));
  expect(commandsFor(days)).toEqual([
    command.backfill('2026-11-01', '2026-11-03'),
    command.backfill('2026-11-06', '2026-11-08'),
  ]);
});

test('days that have new data take one command for days that follow each other', () => {
  const days = ['2026-11-01', '2026-11-02', '2026-11-04'].map((day) => forecast(day, 'build'));
  expect(commandsFor(days)).toEqual([command.backfill('2026-11-01', '2026-11-02'), command.run('2026-11-04')]);
});
