/** Types for the parts of an untyped package that the demo uses. */
declare module 'parquetjs-lite' {
  import type { Writable } from 'node:stream';

  interface Field {
    type: 'UTF8' | 'DOUBLE' | 'TIMESTAMP_MILLIS';
    optional?: boolean;
  }
  interface ParquetWriter {
    appendRow(row: Record<string, unknown>): Promise<void>;
    close(): Promise<void>;
  }
  const parquet: {
    ParquetSchema: new (fields: Record<string, Field>) => object;
    ParquetWriter: {
      openStream(schema: object, stream: Writable, options: { pageIndex: boolean }): Promise<ParquetWriter>;
    };
  };
  export default parquet;
}
