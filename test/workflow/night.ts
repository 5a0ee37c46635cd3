import { inject, onTestFinished } from 'vitest';
import { SETTINGS } from '../support/stubs.js';
import { stubbedNight, type StubbedNight, type StubbedNightOptions, type Stubs } from '../support/workflows.js';

/** A stubbed night on the ring's server; it ends with the test. */
export async function night(options: StubbedNightOptions = {}): Promise<StubbedNight> {
  const opened = await stubbedNight(inject('stack').temporal, options);
  onTestFinished(() => opened.stop());
  return opened;
}

/**
 * A night whose publish is stubbed, and may fail.
 *
 * @param published the generation that readers have, as recovery finds it after the publish
 */
export async function nightAfterPublish(
  published: number,
  publish: (one: StubbedNight) => ReturnType<Stubs['publish']>,
): Promise<StubbedNight> {
  const one: StubbedNight = await night({
    stubs: {
      recover: () => ({
        ...SETTINGS,
        project: one.project,
        published: one.verbs().includes('publish') ? published : 0,
      }),
      publish: () => publish(one),
    },
  });
  return one;
}

/** What was recorded as the end of each build, in order. */
export const concluded = (one: StubbedNight) => one.calls.filter(({ verb }) => verb === 'conclude');
