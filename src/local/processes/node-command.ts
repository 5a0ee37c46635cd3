import { fileURLToPath } from 'node:url';

/**
 * The arguments with which Node runs a module of ours as a process of its own: as it is in a production build, from its
 * compiled form in a clone.
 */
export function nodeArguments(moduleUrl: string, ...args: string[]): string[] {
  const path = fileURLToPath(moduleUrl);
  if (!path.endsWith('.ts')) return [path, ...args];
  return [fileURLToPath(new URL('../../../bin/source.js', import.meta.url)), path, ...args];
}

/** The address of a module beside the caller, with the caller's own extension: `.ts` in the clone, `.js` when compiled. */
export function sibling(callerUrl: string, name: string): string {
  const extension = callerUrl.endsWith('.ts') ? '.ts' : '.js';
  return new URL(`${name}${extension}`, callerUrl).href;
}
