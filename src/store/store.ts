import type * as Sdk from '@aws-sdk/client-s3';
import { quietenSdk, type Env } from '../env.js';
import { final } from '../errors.js';
import { assertRemoved, explaining, httpStatus, LIST_AGAIN, sdk, type Explained } from './answers.js';
import type { StoredObject } from './object.js';

/** What ClickHouse needs to reach the store by itself: it reads raw objects without Node. */
export interface EngineAccess {
  /** Returns the URL of a bucket's root as ClickHouse sees it, ending in `/`. */
  bucketUrl(bucket: string): string;
  /** Name of ClickHouse's named collection; undefined if credentials are bound as parameters. */
  collection: string | undefined;
  credentials(): Promise<{ key: string; secret: string; token: string }>;
}

/** An object with the time at which the store last wrote it. */
export type ListedObject = StoredObject & {
  modified: Date;
  /** Amazon's storage class, such as `GLACIER`; '' where the store names none. */
  storageClass: string;
};

/** The object store. The only place that imports the AWS SDK. */
export interface Store {
  /** Lists all objects below `prefix`, in key order. */
  list(bucket: string, prefix: string, signal?: AbortSignal): Promise<ListedObject[]>;
  /** Reads the text of an object; undefined if there is none. */
  read(bucket: string, key: string): Promise<string | undefined>;
  /** Streams the bytes of an object as it was listed. Throws a retryable error if the stream ends early. */
  stream(bucket: string, object: StoredObject, signal?: AbortSignal): AsyncIterable<Uint8Array>;
  /** True where a key begins with `prefix`. */
  holds(bucket: string, prefix: string): Promise<boolean>;
  /** Returns the Content-Encoding of an object; '' where it has none, or no longer exists. */
  encodingOf(bucket: string, key: string): Promise<string>;
  /** Copies an object inside the store. Throws a final ObjectVanished if it no longer exists. */
  copy(from: { bucket: string; key: string }, to: { bucket: string; key: string }): Promise<void>;
  /** Writes an object; with `once`, an existing one is not replaced and the result is false. */
  write(bucket: string, key: string, body: string | Uint8Array, options?: { once?: boolean }): Promise<boolean>;
  /** Removes objects; those that do not exist are no error. Throws if one is left, final if the store refuses to remove it. */
  remove(bucket: string, keys: readonly string[]): Promise<void>;
  /** Throws a final error if the bucket does not exist or access is denied. */
  checkBucket(bucket: string): Promise<void>;
  /** Returns the store's time from an answer about a bucket, in milliseconds since 1970, to the second; undefined if it sends none. */
  timeOf(bucket: string): Promise<number | undefined>;
  /** Creates a bucket; false if it exists already. Daybook does so only in a store that it started itself. */
  createBucket(bucket: string): Promise<boolean>;
  engine: EngineAccess;
  close(): void;
}

/** Keys per DeleteObjects request, the protocol's limit. */
const DELETE_PAGE = 1000;

/** Creates the gateway to the object store. Sends no request yet. */
export function connectStore(env: Env['s3']): Store {
  let opened: Sdk.S3Client | undefined;
  const client = () => (opened ??= clientOf(env));
  const explained = explaining(env.chosen);
  const engineEndpoint = env.engineEndpoint ?? env.endpoint;
  return {
    async list(bucket, prefix, signal) {
      const objects: ListedObject[] = [];
      let next: string | undefined;
      do {
        const page = await explained(`list s3://${bucket}/${prefix}`, () =>
          client().send(
            new (sdk().ListObjectsV2Command)({ Bucket: bucket, Prefix: prefix, ContinuationToken: next }),
            signal ? { abortSignal: signal } : {},
          ),
        );
        for (const { Key, ETag, Size, LastModified, StorageClass } of page.Contents ?? [])
          if (Key !== undefined)
            objects.push({
              key: Key,
              etag: (ETag ?? '').replaceAll('"', ''),
              size: Size ?? 0,
              modified: LastModified ?? new Date(0),
              storageClass: StorageClass ?? '',
            });
        next = page.NextContinuationToken;
      } while (next !== undefined);
      return objects;
    },
    read: (bucket, key) =>
      explained(`read s3://${bucket}/${key}`, async () => {
        try {
          const answer = await client().send(new (sdk().GetObjectCommand)({ Bucket: bucket, Key: key }));
          return await answer.Body?.transformToString();
        } catch (error) {
          if (error instanceof sdk().NoSuchKey) return undefined;
          throw error;
        }
      }),
    holds: (bucket, prefix) =>
      explained(`list s3://${bucket}/${prefix}`, async () => {
        const page = await client().send(
          new (sdk().ListObjectsV2Command)({ Bucket: bucket, Prefix: prefix, MaxKeys: 1 }),
        );
        return (page.Contents ?? []).length > 0;
      }),
    encodingOf: (bucket, key) =>
      explained(`ask about s3://${bucket}/${key}`, async () => {
        try {
          const { ContentEncoding } = await client().send(new (sdk().HeadObjectCommand)({ Bucket: bucket, Key: key }));
          return ContentEncoding ?? '';
        } catch (error) {
          if (httpStatus(error) === 404) return '';
          throw error;
        }
      }),
    stream: (bucket, object, signal) => streamed(client(), explained, bucket, object, signal),
    copy: (from, to) =>
      explained(
        `copy s3://${from.bucket}/${from.key} to s3://${to.bucket}/${to.key}`,
        async () => {
          const source = `${from.bucket}/${from.key.split('/').map(encodeURIComponent).join('/')}`;
          await client().send(new (sdk().CopyObjectCommand)({ Bucket: to.bucket, Key: to.key, CopySource: source }));
        },
        from.key,
      ),
    write: (bucket, key, body, options = {}) =>
      explained(`write s3://${bucket}/${key}`, async () => {
        try {
          await client().send(
            new (sdk().PutObjectCommand)({
              Bucket: bucket,
              Key: key,
              Body: body,
              ...(options.once ? { IfNoneMatch: '*' } : {}),
            }),
          );
          return true;
        } catch (error) {
          if (options.once && httpStatus(error) === 412) return false;
          throw error;
        }
      }),
    async remove(bucket, keys) {
      for (let from = 0; from < keys.length; from += DELETE_PAGE) {
        const { Errors = [] } = await explained(`delete from s3://${bucket}`, () =>
          client().send(
            new (sdk().DeleteObjectsCommand)({
              Bucket: bucket,
              Delete: { Quiet: true, Objects: keys.slice(from, from + DELETE_PAGE).map((Key) => ({ Key })) },
            }),
          ),
        );
        assertRemoved(bucket, Errors);
      }
    },
    async checkBucket(bucket) {
      await explained(`bucket ${bucket}`, () => client().send(new (sdk().HeadBucketCommand)({ Bucket: bucket })));
    },
    timeOf: (bucket) =>
      explained(`bucket ${bucket}`, async () => {
        const command = new (sdk().HeadBucketCommand)({ Bucket: bucket });
        let date: string | undefined;
        // The SDK keeps headers that are no part of its model to itself.
        command.middlewareStack.add(
          (next) => async (given) => {
            const result = await next(given);
            date = (result.response as { headers?: Record<string, string> }).headers?.['date'];
            return result;
          },
          { step: 'deserialize' },
        );
        await client().send(command);
        return date === undefined ? undefined : Date.parse(date);
      }),
    createBucket: (bucket) =>
      explained(`create bucket ${bucket}`, async () => {
        try {
          await client().send(new (sdk().CreateBucketCommand)({ Bucket: bucket }));
          return true;
        } catch (error) {
          if (error instanceof sdk().BucketAlreadyOwnedByYou) return false;
          throw error;
        }
      }),
    engine: {
      bucketUrl: (bucket) =>
        engineEndpoint === undefined
          ? amazonUrl(env.region, bucket)
          : `${engineEndpoint.replace(/\/$/, '')}/${bucket}/`,
      collection: env.collection,
      credentials: async () => {
        const { accessKeyId, secretAccessKey, sessionToken } = await client().config.credentials();
        return { key: accessKeyId, secret: secretAccessKey, token: sessionToken ?? '' };
      },
    },
    close: () => {
      opened?.destroy();
    },
  };
}

/** Suffixes of Amazon's host names that differ from that of most regions. */
const SUFFIXES = [
  [/^cn-/, 'amazonaws.com.cn'],
  [/^us-iso-/, 'c2s.ic.gov'],
  [/^us-isob-/, 'sc2s.sgov.gov'],
  [/^eusc-/, 'amazonaws.eu'],
] as const;

/**
 * Returns the URL of a bucket at Amazon. A name with dots has no place in the host name: the certificate covers one label
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html).
 */
export function amazonUrl(region: string, bucket: string): string {
  const [, suffix = 'amazonaws.com'] = SUFFIXES.find(([of]) => of.test(region)) ?? [];
  return bucket.includes('.')
    ? `https://s3.${region}.${suffix}/${bucket}/`
    : `https://${bucket}.s3.${region}.${suffix}/`;
}

function clientOf(env: Env['s3']): Sdk.S3Client {
  quietenSdk();
  return new (sdk().S3Client)({
    region: env.region,
    // Stores other than Amazon's often support neither virtual-host addressing nor the newer default checksums.
    ...(env.endpoint === undefined
      ? {}
      : {
          endpoint: env.endpoint,
          forcePathStyle: true,
          requestChecksumCalculation: 'WHEN_REQUIRED' as const,
          responseChecksumValidation: 'WHEN_REQUIRED' as const,
        }),
    ...(env.credentials
      ? {
          credentials: {
            accessKeyId: env.credentials.accessKeyId,
            secretAccessKey: env.credentials.secretAccessKey,
            ...(env.credentials.sessionToken === undefined ? {} : { sessionToken: env.credentials.sessionToken }),
          },
        }
      : {}),
  });
}

async function* streamed(
  client: Sdk.S3Client,
  explained: Explained,
  bucket: string,
  { key, etag, size }: StoredObject,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const what = `read s3://${bucket}/${key}`;
  const request = new (sdk().GetObjectCommand)({ Bucket: bucket, Key: key, IfMatch: `"${etag}"` });
  let read = 0;
  try {
    const { Body } = await client.send(request, signal ? { abortSignal: signal } : {});
    for await (const bytes of Body as AsyncIterable<Uint8Array>) {
      read += bytes.length;
      yield bytes;
    }
  } catch (error) {
    if (httpStatus(error) === 412)
      throw final('ObjectChanged', `${what}: it was rewritten since it was listed. ${LIST_AGAIN}`, {
        details: { object: key },
        cause: error,
      });
    return await explained(what, () => Promise.reject(error as Error), key);
  }
  if (read !== size) throw new Error(`${what}: the store sent ${read} of ${size} bytes`);
}
