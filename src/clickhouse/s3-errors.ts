import type { FinalType } from '../errors.js';

/**
 * Where the store's own sentence ends and the engine's begins, which quotes a key: `…: while reading key: K`, `…: (in file/uri K)`,
 * `…, bucket B, key K`. A key may hold any word and any number.
 */
const PLACE = /: while reading |: \(in file\/uri |, bucket |, key: |: while executing /i;

/** Returns what the store said, without the places that ClickHouse adds. */
function saidByStore(message: string): string {
  const [, own = message] = /ClickHouse says \d+ \(S3_ERROR\): ([\s\S]*)/.exec(message) ?? [];
  return own.slice(0, PLACE.exec(own)?.index);
}

/** The store's status, which ClickHouse passes on of an answer without a body. */
const STATUS = /HTTP response code: (\d{3})\b/;

/** Amazon's error of an object in an archive storage class: its code, or its text, which alone ClickHouse passes on. */
const ARCHIVED = /InvalidObjectState|operation is not valid for the object's storage class/i;

/** Codes and texts of a refusal. A text without its code is all that is left of those that ClickHouse knows. */
const REFUSED =
  /Access ?Denied|Forbidden|Unauthorized|InvalidAccessKeyId|Access Key Id you provided|SignatureDoesNotMatch|request signature we calculated/i;

const GONE = /NoSuchKey|NoSuchBucket|does not exist/i;

/** True where the store refuses an object because it is archived, by the message of an engine's or the store's own error. */
export const saysArchived = (message: string): boolean => ARCHIVED.test(saidByStore(message));

/** Returns the final type of an error of the store, by what the store said; undefined if a retry may help. */
export function typeOfS3Error(message: string): FinalType | undefined {
  const said = saidByStore(message);
  const [, status] = STATUS.exec(said) ?? [];
  // A 403 like a refused credential, and yet about one object.
  if (ARCHIVED.test(said)) return 'BadObject';
  if (status === '401' || status === '403' || REFUSED.test(said)) return 'AccessDenied';
  if (status === '404' || GONE.test(said)) return 'ObjectVanished';
  return undefined;
}
