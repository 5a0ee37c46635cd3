import type { EraseRowsResult } from '../../activities/erase/index.js';
import { plural } from '../../src/shared/format.js';
import type { DayResult } from '../../src/shared/workflows.js';
import { stepText, summary, touchedNote } from '../text.js';
import { emptyResult, closeDay } from './end.js';
import type { DayRun } from './steps.js';

/** Gives readers the day without the rows of an erasure: stages the others, and publishes them like any build. */
export async function eraseInDay(run: DayRun, id: string): Promise<DayResult> {
  const { progress, act } = run;
  const { day } = run.input;
  progress.begin('erase');
  const erased: EraseRowsResult = await act().eraseRows.executeWithOptions({ summary: summary.eraseRows(day) }, [
    { id, day },
  ]);
  const { build, tables } = erased;
  const begun = { build, objects: 0, bytes: 0, chunks: 0, notes: [] };
  run.begun = begun;
  progress.report(`${plural(erased.erased, 'row')} left out`, erased.ms);
  if (tables.length === 0) return emptyResult(day, 'unchanged', begun);
  progress.begin('publish');
  const published = await act().publish.executeWithOptions({ summary: summary.publish(tables.length, 0, day) }, [
    { build, tables },
  ]);
  progress.report(stepText.publish(published, 0), published.ms);
  const left = await closeDay(run, build, 'published');
  const notes = [...touchedNote(published.touched), ...left];
  return {
    ...emptyResult(day, 'published', { ...begun, notes }),
    ...{ published: published.tables, touched: published.touched },
  };
}
