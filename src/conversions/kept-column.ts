import { z } from 'zod';
import type { Column } from '../clickhouse/column.js';
import { exactly } from '../shared/exactly.js';
import { EPOCH_UNITS } from './column-types.js';

/** A column as plans and cached schemas keep it. */
export const keptColumn = exactly<Column>()(
  z.strictObject({
    name: z.string(),
    type: z.string(),
    defaultKind: z.string(),
    unit: z.enum(EPOCH_UNITS).optional(),
  }),
);
