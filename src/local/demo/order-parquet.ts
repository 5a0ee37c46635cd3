import { Writable } from 'node:stream';
import parquet from 'parquetjs-lite';
import type { OrderFile } from './orders.js';

/** Encodes an object as uncompressed Parquet, with the same bytes on every machine. */
export async function orderParquet({ rows, release }: OrderFile): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  const sink = new Writable({
    write(part: Buffer, _encoding, done) {
      parts.push(Buffer.from(part));
      done();
    },
  });
  const text = { type: 'UTF8' } as const;
  const schema = new parquet.ParquetSchema({
    order_id: text,
    ts: { type: 'TIMESTAMP_MILLIS' },
    user_id: { ...text, optional: true },
    ...(release === 1 ? { country: { ...text, optional: true } } : { method: text }),
    amount: { type: 'DOUBLE' },
    currency: text,
    status: text,
  });
  // ClickHouse can't read its page index.
  const writer = await parquet.ParquetWriter.openStream(schema, sink, { pageIndex: false });
  for (const { order } of rows)
    await writer.appendRow({
      order_id: order.id,
      ts: new Date(order.at),
      ...(order.user === undefined ? {} : { user_id: order.user }),
      ...(release === 1 ? (order.country === undefined ? {} : { country: order.country }) : { method: 'card' }),
      amount: order.cents / 100,
      currency: 'EUR',
      status: order.status,
    });
  await writer.close();
  return Buffer.concat(parts);
}
