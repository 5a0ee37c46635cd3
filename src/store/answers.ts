import type * as Sdk from '@aws-sdk/client-s3';
import { final, messageOf, passing } from '../errors.js';
import { required } from '../required.js';
import { sentence } from '../shared/sentence.js';
import { startOrName, unreachable } from '../unreachable.js';

/** The SDK, loaded when a store is first spoken to: not every command does. */
export const sdk = () => required('@aws-sdk/client-s3') as typeof Sdk;

/** What to do about an object that is not as it was listed. */
export const LIST_AGAIN = 'Run the day again, which lists it again.';

const ofStore = (error: unknown) => (error instanceof sdk().S3ServiceException ? error : undefined);

export const httpStatus = (error: unknown): number | undefined => ofStore(error)?.$metadata.httpStatusCode;

/** Amazon's code of an error, such as `NoSuchKey`; an answer without a body, to HEAD, has only its status's name. */
const codeOfStore = (error: unknown): string | undefined => ofStore(error)?.name;

/**
 * Codes that refuse the credentials whatever the status: an error that Amazon notices after it has begun to answer, as it may for
 * CopyObject, arrives with status 200, which the SDK turns into 503.
 */
const REFUSED = new Set(['AccessDenied', 'AllAccessDisabled', 'InvalidAccessKeyId', 'SignatureDoesNotMatch']);

/** Sends a request to the store, and translates its error. */
export type Explained = <T>(what: string, send: () => Promise<T>, object?: string) => Promise<T>;

/**
 * Names the failing call in an error, and makes errors final that no retry can fix. Of a read, `object` is the key of its object, for
 * the details of its failure.
 *
 * @param chosen see {@link startOrName}
 */
export const explaining =
  (chosen: boolean | undefined): Explained =>
  async (what, send, object) => {
    try {
      return await send();
    } catch (error) {
      const [status, code] = [httpStatus(error), codeOfStore(error)];
      const details = object === undefined ? {} : { details: { object } };
      if (error instanceof sdk().InvalidObjectState)
        throw final('BadObject', `${what}: InvalidObjectState: the object is archived. Restore it in the store.`, {
          cause: error,
        });
      if (status === 401 || status === 403 || (code !== undefined && REFUSED.has(code)))
        throw final(
          'AccessDenied',
          `${what}: the store refuses these credentials (${status ?? code ?? ''}). Check AWS_* and the bucket's policy.`,
          { cause: error },
        );
      if (code === 'NoSuchKey')
        throw final('ObjectVanished', `${what}: it was deleted since it was listed. ${LIST_AGAIN}`, {
          ...details,
          cause: error,
        });
      if (status === 404)
        throw final(
          'BadConfig',
          `${what}: the store has no such bucket. Create it, or correct store.bucket in daybook.config.ts.`,
          { cause: error },
        );
      const message = messageOf(error);
      if (unreachable(error) === undefined) throw new Error(`${what}: ${message}`, { cause: error });
      throw passing(
        sentence(`${what}: no object store answers (${message}). `, startOrName('AWS_ENDPOINT_URL_S3', chosen)),
        {
          cause: error,
        },
      );
    }
  };

/**
 * Throws if the store did not remove an object. It answers a removal of several objects with status 200 and lists those that are left,
 * each with a code; one that did not exist is no failure.
 */
export function assertRemoved(bucket: string, errors: readonly Sdk._Error[]): void {
  const left = errors.filter(({ Code }) => Code !== 'NoSuchKey');
  const refused = left.find(({ Code }) => Code !== undefined && REFUSED.has(Code));
  const first = refused ?? left[0];
  if (!first) return;
  const { Key = '', Code = 'no code', Message = '' } = first;
  const others = left.length > 1 ? `, and does not delete ${left.length - 1} more objects` : '';
  const found = `delete s3://${bucket}/${Key}: the store answers ${Code}${Message === '' ? '' : ` (${Message})`}${others}.`;
  if (!refused) throw new Error(found);
  throw final(
    'AccessDenied',
    `${found} Allow s3:DeleteObject in the bucket's policy, and remove locks and retention.`,
    {
      details: { object: Key },
    },
  );
}
