import { fileURLToPath } from 'node:url';

/**
 * Returns the arguments with which Node runs a module in a separate process: directly in a production build, through the
 * compiler in a clone.
 */
export function nodeArguments(moduleUrl: string, ...args: string[]): string[] {
  const path = fileURLToPath(moduleUrl);
  if (!path.endsWith('.ts')) return [path, ...args];
  return [fileURLToPath(new URL('../../../bin/source.js', import.meta.url)), path, ...args];
}

/** Returns the URL of a module next to the caller, with the caller's extension: `.ts` in a clone, `.js` when compiled. */
export function sibling(callerUrl: string, name: string): string {
  const extension = callerUrl.endsWith('.ts') ? '.ts' : '.js';
  return new URL(`${name}${extension}`, callerUrl).href;
}
