import { inject, onTestFinished } from 'vitest';
import { stubbedNight, type StubbedNight, type StubbedNightOptions } from '../support/workflows.js';

/** A stubbed night on the ring's server; it ends with the test. */
export async function night(options: StubbedNightOptions = {}): Promise<StubbedNight> {
  const opened = await stubbedNight(inject('stack').temporal, options);
  onTestFinished(() => opened.stop());
  return opened;
}
