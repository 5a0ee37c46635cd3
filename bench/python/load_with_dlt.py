"""Loads a folder with dlt, as its documentation shows it: filesystem source, read_jsonl, ClickHouse destination."""

import os
import sys
from urllib.parse import urlsplit

import dlt
from dlt.destinations import clickhouse
from dlt.sources.credentials import AwsCredentials
from dlt.sources.filesystem import filesystem, read_jsonl

folder, work = sys.argv[1], sys.argv[2]
server = urlsplit(os.environ["CLICKHOUSE_URL"])
native = os.environ["BENCH_NATIVE"].split(":")
files = filesystem(
    bucket_url=f"s3://{folder}",
    file_glob="*.json.gz",
    credentials=AwsCredentials(
        aws_access_key_id=os.environ["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=os.environ["AWS_SECRET_ACCESS_KEY"],
        region_name=os.environ["AWS_REGION"],
        endpoint_url=os.environ["AWS_ENDPOINT_URL_S3"],
    ),
)
pipeline = dlt.pipeline(
    pipeline_name="bench",
    pipelines_dir=work,
    dataset_name="events",
    destination=clickhouse(
        credentials={
            "host": native[0],
            "port": int(native[1]),
            "http_port": server.port,
            "username": os.environ["BENCH_ADMIN"],
            "password": os.environ["BENCH_ADMIN_PASSWORD"],
            "database": "bench_dlt",
            "secure": 0,
        }
    ),
)
pipeline.run((files | read_jsonl()).with_name("events"), write_disposition="append").raise_on_failed_jobs()
