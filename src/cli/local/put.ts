import { readFile } from 'node:fs/promises';
import { readEnv } from '../../env.js';
import { LocalStackError } from '../../local/local-error.js';
import { stackVariables, type Stack } from '../../local/stack-file.js';
import { plural, sizeText } from '../../shared/format.js';
import { connectStore, type Store } from '../../store/store.js';
import type { Output } from '../common/options.js';
import { print, printJson } from '../common/output.js';
import { filesNamed, type NamedFile } from './files.js';

/** Files that are uploaded at once: each is in memory as a whole. */
const UPLOADS = 4;

interface Uploaded {
  file: string;
  key: string;
  bytes: number;
}

/**
 * Uploads files into the store of a local stack, and creates the bucket if it does not exist. An object of the same name is replaced.
 *
 * @param to `s3://bucket/prefix`
 * @throws LocalStackError if the target or a file is not usable; nothing is uploaded then
 */
export async function putFiles(
  stack: Stack,
  given: readonly string[],
  { to, output }: { to: string; output: Output },
): Promise<void> {
  const { bucket, prefix } = bucketTarget(to);
  const files = await filesNamed(given);
  if (files.length === 0) throw new LocalStackError(`${given.join(' ')}: there is no file in it.`);
  const store = connectStore(readEnv(stackVariables(stack)).s3);
  try {
    await store.createBucket(bucket);
    const objects = await uploaded(store, bucket, prefix, files);
    if (output === 'json') {
      printJson({ stack: stack.dir, bucket, objects });
      return;
    }
    for (const { file, key } of objects) print(`${file} -> s3://${bucket}/${key}`);
    const bytes = objects.reduce((sum, one) => sum + one.bytes, 0);
    print(`${plural(objects.length, 'object')} uploaded, ${sizeText(bytes)}`);
  } finally {
    store.close();
  }
}

function bucketTarget(to: string): { bucket: string; prefix: string } {
  const [, bucket, path = ''] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/.exec(to) ?? [];
  if (bucket === undefined)
    throw new LocalStackError(`--to is '${to}'. Expected a bucket and a prefix, such as s3://clicks-data/raw/events/.`);
  return { bucket, prefix: path === '' || path.endsWith('/') ? path : `${path}/` };
}

/** Uploads a few files at a time; answers in the order of the files. */
async function uploaded(store: Store, bucket: string, prefix: string, files: readonly NamedFile[]) {
  const done: Uploaded[] = [];
  const left = files.entries();
  const uploadOneByOne = async () => {
    for (const [index, { path, name }] of left) {
      const body = await readFile(path);
      await store.write(bucket, prefix + name, body);
      done[index] = { file: path, key: prefix + name, bytes: body.length };
    }
  };
  await Promise.all(Array.from({ length: UPLOADS }, uploadOneByOne));
  return done;
}
