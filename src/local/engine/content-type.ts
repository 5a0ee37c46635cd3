/** The Content-Type that the server sends with a format. */
export function contentType(format: string): string {
  if (/^(TabSeparated|TSV)/i.test(format)) return 'text/tab-separated-values; charset=UTF-8';
  if (/^CSV/i.test(format)) {
    return `text/csv; charset=UTF-8; header=${/WithNames/i.test(format) ? 'present' : 'absent'}`;
  }
  if (/^(JSON\w*EachRow\w*|JSONLines|NDJSON)$/i.test(format) && !/^JSONObjectEachRow$/i.test(format)) {
    return 'application/x-ndjson; charset=UTF-8';
  }
  if (/^JSON/i.test(format)) return 'application/json; charset=UTF-8';
  if (/^XML$/i.test(format)) return 'application/xml; charset=UTF-8';
  return BINARY.test(format) ? 'application/octet-stream' : 'text/plain; charset=UTF-8';
}

const BINARY =
  /^(Native|RowBinary\w*|Parquet\w*|Arrow\w*|ORC|Avro|Protobuf\w*|MsgPack|BSONEachRow|CapnProto|Npy|RawBLOB)$/i;
