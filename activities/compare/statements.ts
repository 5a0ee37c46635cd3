import { question, type Question } from '../../src/clickhouse/question.js';

/** Returns whether rows of the day were erased, in which case its raw objects may hold rows that must not come back. */
export const wasErased = (project: string, day: string): Question<boolean> =>
  question(
    {
      sql: `
SELECT count() AS erasures
FROM daybook.erasures
WHERE project = {project:String} AND event = 'done' AND has(days, {day:Date})`,
      params: { project, day },
    },
    ([row]: readonly { erasures: string }[]) => Number(row?.erasures ?? 0) > 0,
  );
