export { backfill } from './backfill/index.js';
export { day } from './day/index.js';
export { erase } from './erase/index.js';
export { nightly } from './nightly/index.js';
