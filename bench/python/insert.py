"""The script that many teams would write in Python: stream, gunzip, json.loads, map, insert in batches. Prints its rows."""

import gzip
import json
import os
import sys
from datetime import date, datetime
from decimal import Decimal
from urllib.parse import urlsplit

import clickhouse_connect
import s3fs

BATCH = 100_000
COLUMNS = ["day", "ts", "event_id", "user_id", "type", "country", "amount", "url"]

folder = sys.argv[1]
store = s3fs.S3FileSystem(
    key=os.environ["AWS_ACCESS_KEY_ID"],
    secret=os.environ["AWS_SECRET_ACCESS_KEY"],
    endpoint_url=os.environ["AWS_ENDPOINT_URL_S3"],
)
server = urlsplit(os.environ["CLICKHOUSE_URL"])
clickhouse = clickhouse_connect.get_client(
    host=server.hostname,
    port=server.port,
    username=os.environ["CLICKHOUSE_USER"],
    password=os.environ["CLICKHOUSE_PASSWORD"],
)

rows, batch = 0, []


def flush():
    global rows, batch
    if batch:
        clickhouse.insert("bench_python.events", batch, column_names=COLUMNS)
    rows, batch = rows + len(batch), []


for key in store.ls(folder):
    with store.open(key, "rb") as stored, gzip.open(stored, "rt") as lines:
        for line in lines:
            if not line.strip():
                continue
            event = json.loads(line)
            ts = datetime.fromisoformat(event["ts"].replace("Z", "+00:00"))
            batch.append(
                [
                    date(ts.year, ts.month, ts.day),
                    ts,
                    event["event_id"],
                    int(event["user_id"]),
                    event["type"],
                    event.get("country", "??"),
                    Decimal(str(event.get("amount", 0))),
                    event.get("url", ""),
                ]
            )
            if len(batch) >= BATCH:
                flush()
flush()
print(rows)
