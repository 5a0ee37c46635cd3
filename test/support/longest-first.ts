import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take minutes: started last, one of them would run alone at the end. */
const LONG =
  /\/(faults|rollback|day-crash|compiled-worker|operating-docs|folders-rewritten|backfill|nights)\.test\.ts$/;

/** Starts the longest files first. */
export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return [
      ...sorted.filter(({ moduleId }) => LONG.test(moduleId)),
      ...sorted.filter(({ moduleId }) => !LONG.test(moduleId)),
    ];
  }
}
