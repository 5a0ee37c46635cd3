export { backfill } from './backfill.js';
export { day } from './day.js';
export { nightly } from './nightly.js';
