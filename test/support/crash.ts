import type { PublishEvent } from '../../src/ledger/records.js';
import type { Dependencies } from '../../src/step/dependencies.js';
import type { DayProject } from './day.js';

/** A world in which the statement of this name never reaches the engine, as if the process had died before it. */
export function diesBefore(
  { app: { clickhouse } }: DayProject,
  what: string,
  error = new Error('the worker died'),
): Partial<Dependencies> {
  return {
    clickhouse: {
      ...clickhouse,
      run: (statement, options) =>
        options?.what === what ? Promise.reject(error) : clickhouse.run(statement, options),
      rows: (statement, options) =>
        options?.what === what ? Promise.reject(error) : clickhouse.rows(statement, options),
    },
  };
}

/** A world that ends before this record is written. */
export const diesBeforeRecord = (
  { app: { ledger } }: DayProject,
  event: PublishEvent['last'],
): Partial<Dependencies> => ({
  ledger: {
    ...ledger,
    recordPublishes: (given, records) =>
      given === event ? Promise.reject(new Error('the worker died')) : ledger.recordPublishes(given, records),
  },
});

/** A world that ends right after this record is written. */
export const diesAfterRecord = (
  { app: { ledger } }: DayProject,
  event: PublishEvent['last'],
): Partial<Dependencies> => ({
  ledger: {
    ...ledger,
    recordPublishes: async (given, records) => {
      await ledger.recordPublishes(given, records);
      if (given === event) throw new Error('the worker died');
    },
  },
});

/** A world in which something happens right before the statement of this name, while the one who runs it is frozen. */
export function frozenBefore(
  { app: { clickhouse } }: DayProject,
  what: string,
  meanwhile: () => Promise<unknown>,
): Partial<Dependencies> {
  let once = true;
  return {
    clickhouse: {
      ...clickhouse,
      run: async (statement, options) => {
        if (once && options?.what === what) {
          once = false;
          await meanwhile();
        }
        return await clickhouse.run(statement, options);
      },
    },
  };
}
