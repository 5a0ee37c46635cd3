import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

/**
 * The arguments with which Node runs a module of ours as a process of its own: as it stands when compiled, through tsx
 * when it is TypeScript. The loader is named by its full address, since a bare name resolves from the working folder.
 */
export function nodeArguments(moduleUrl: string, ...args: string[]): string[] {
  const path = fileURLToPath(moduleUrl);
  if (!path.endsWith('.ts')) return [path, ...args];
  const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  return ['--import', loader, path, ...args];
}

/** The address of a module beside the caller, with the caller's own extension: `.ts` in the clone, `.js` when compiled. */
export function sibling(callerUrl: string, name: string): string {
  const extension = callerUrl.endsWith('.ts') ? '.ts' : '.js';
  return new URL(`${name}${extension}`, callerUrl).href;
}
