// Makes stack traces refer to the source instead of the compiled code.
import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { pathToFileURL } from 'node:url';

/**
 * Maps positions in a build's modules to the source, and reads a module's map only when a trace needs it. Node's own
 * `process.setSourceMapsEnabled` reads the maps of all modules and packages when they are loaded: a third of a second, even for
 * a command that prints no trace.
 *
 * @param build folder of the build, in which each module has its map next to it
 */
export function showSources(build) {
  const address = pathToFileURL(`${build}/`).href;
  const maps = new Map();
  const place = (file, line, column) => {
    if (!maps.has(file)) maps.set(file, readMap(new URL(`${file}.map`)));
    // A map counts lines and columns from 0.
    const { originalSource, originalLine, originalColumn } = maps.get(file)?.findEntry(line - 1, column - 1) ?? {};
    return originalSource === undefined
      ? `${file}:${line}:${column}`
      : `${originalSource}:${originalLine + 1}:${originalColumn + 1}`;
  };
  Error.prepareStackTrace = (error, sites) => {
    const trace = [String(error), ...sites.map((site) => `    at ${site}`)].join('\n');
    if (!trace.includes(address)) return trace;
    return trace.replaceAll(/(file:\/\/[^\s()]+\.js):(\d+):(\d+)/g, (found, file, line, column) =>
      file.startsWith(address) ? place(file, Number(line), Number(column)) : found,
    );
  };
}

/** Reads a map; undefined if it is missing or invalid, because a trace of the compiled code is better than none. */
function readMap(url) {
  try {
    return new SourceMap(JSON.parse(readFileSync(url, 'utf8')));
  } catch {
    return undefined;
  }
}
