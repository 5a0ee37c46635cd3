import { z } from 'zod';
import { isDay } from '../shared/day.js';

export const day = z.string().refine(isDay, 'expected a date that exists, written YYYY-MM-DD');

export const count = z.int().nonnegative();

export const fingerprint = z.string().regex(/^[0-9a-f]{32}$/);
