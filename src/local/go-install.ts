import { mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { toolEnvironment } from './tool-environment.js';

/** Longer than any build seen: one on two cold cores with a slow network took under five minutes. */
const BUILD_TIMEOUT_MS = 20 * 60_000;

/**
 * Builds a Go program of a fixed version and moves it to `target` in one step, so that no half-written file is ever found.
 * Tells once a second how long it has been at it and which package it is at.
 * @throws if there is no Go, or with the last lines of its output
 */
export async function goInstall(
  { name, version, goPackage }: { name: string; version: string; goPackage: string },
  target: string,
  onProgress: (text: string) => void,
): Promise<void> {
  const bin = await mkdtemp(join(dirname(target), 'build-'));
  const started = Date.now();
  let line = 'starting';
  const tell = () => {
    const seconds = Math.round((Date.now() - started) / 1000);
    onProgress(`building ${name} ${version} with Go, once, about 1.5 to 3 minutes: ${seconds} s, ${line}`);
  };
  const timer = setInterval(tell, 1_000);
  try {
    const build = execa('go', ['install', '-v', `${goPackage}@v${version}`], {
      env: { ...toolEnvironment(), GOBIN: bin },
      extendEnv: false,
      stdin: 'ignore',
      reject: false,
      all: true,
      timeout: BUILD_TIMEOUT_MS,
    });
    build.all.on('data', (chunk: Buffer) => {
      line = chunk.toString('utf8').trim().split('\n').at(-1) ?? line;
    });
    const result = await build;
    if (result.failed) throw new Error(reason(result));
    await rename(join(bin, name), target);
  } finally {
    clearInterval(timer);
    await rm(bin, { recursive: true, force: true });
  }
}

function reason(result: {
  code?: string | undefined;
  timedOut: boolean;
  exitCode?: number | undefined;
  all: string;
}): string {
  if (result.code === 'ENOENT') return 'there is no `go` on PATH';
  if (result.timedOut) return `not done after ${BUILD_TIMEOUT_MS / 60_000} minutes`;
  return `go ended with exit code ${result.exitCode ?? '?'}: ${result.all.trim().split('\n').slice(-3).join(' / ')}`;
}
