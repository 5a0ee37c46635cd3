import { look } from '../../activities/look/index.js';
import { survey } from '../../activities/survey/index.js';
import type { Dependencies } from '../../src/step/dependencies.js';
import type { StubbedNight, Stubs } from './workflows.js';

/* Real activities in a night whose others are stubs: those that ask Temporal, or the calendar, and nothing else. */

/** The part of a config that decides which day a nightly run is for. */
export interface NightConfig {
  timezone: string;
  lateDays: number;
  start: string | undefined;
}

/** The real survey, over a project of which only the config is real. */
export const surveyOf =
  (project: string, config: NightConfig): Stubs['survey'] =>
  (input) =>
    survey(
      {
        loadProject: () => Promise.resolve({ config: { project, ...config, alerts: {} }, aggregates: [], tests: [] }),
        ledger: {
          assertReadable: () => Promise.resolve(),
          currentPublishes: () => Promise.resolve([]),
          latestBuilds: () => Promise.resolve([]),
        },
        clickhouse: { rows: () => Promise.resolve([]) },
      } as unknown as Dependencies,
      input,
    );

/** The real looks at days that another workflow runs, on the server of the night. */
export const lookOf =
  (night: () => StubbedNight): Stubs['look'] =>
  (input) =>
    look({ temporal: () => Promise.resolve(night().client) } as unknown as Dependencies, input);
