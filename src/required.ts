import { createRequire } from 'node:module';

/**
 * Loads a large CommonJS package by `require`. For an `import`, Node first parses all its files to learn the names that they
 * export: with Temporal's client a command starts a tenth of a second later.
 */
export const required = createRequire(import.meta.url);
