import { gunzipSync } from 'node:zlib';
import type { Asked } from './fault-proxy.js';

/** A statement's text with the values that are inserted by it; those of an insert are compressed. */
export const sqlOf = ({ url, body }: Asked): string =>
  `${url.searchParams.get('query') ?? ''} ${(body.subarray(0, 2).equals(GZIP) ? gunzipSync(body) : body).toString('utf8')}`;

/** The first bytes of whatever is compressed with gzip. */
const GZIP = Buffer.from([0x1f, 0x8b]);
