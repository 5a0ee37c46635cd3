import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { TransformOptions } from 'jiti';

/** Entries that are older than this are removed when another one is written. In milliseconds. */
const KEPT_FOR = 30 * 24 * 60 * 60 * 1000;

/** Transforms the text of one module; synchronous, because its caller is. */
export type Transform = (options: TransformOptions) => string;

/**
 * Caches the result of a transform in a folder, so that the transformer, which takes longer to load than the rest of a command,
 * is needed once for each text. A file is named after a hash of its inputs, hence never stale; a damaged one is replaced, and
 * without a writable folder nothing is cached.
 *
 * @param folder must be writable only by its owner, because its content is executed
 */
export const cachedTransform =
  (folder: string, transform: Transform): Transform =>
  (options) => {
    const file = join(folder, sha256(JSON.stringify([version(), options])));
    const found = readCached(file);
    if (found !== undefined) return found;
    const code = transform(options);
    keep(folder, file, code);
    return code;
  };

/** Returns the version of jiti, which contains the transformer. */
const version = () => (createRequire(import.meta.url)('jiti/package.json') as { version: string }).version;

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

function readCached(file: string): string | undefined {
  try {
    const text = readFileSync(file, 'utf8');
    const end = text.indexOf('\n');
    const code = text.slice(end + 1);
    return text.slice(0, end) === sha256(code) ? code : undefined;
  } catch {
    return undefined;
  }
}

function keep(folder: string, file: string, code: string): void {
  const draft = `${file}.${process.pid}.tmp`;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(folder)) removeOld(join(folder, name));
    writeFileSync(draft, `${sha256(code)}\n${code}`, { mode: 0o600 });
    renameSync(draft, file);
  } catch {
    // Not cached: the next read transforms again. A leftover draft is removed when it is old.
  }
}

function removeOld(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found && Date.now() - found.mtimeMs > KEPT_FOR) rmSync(path, { force: true });
}
