"""Uses the engine at ENGINE_NATIVE_PORT as clickhouse-driver's users do; prints one line for each promise that holds."""

import os
import time
from datetime import date, datetime
from decimal import Decimal

from clickhouse_driver import Client, connect
from clickhouse_driver.errors import ServerException

SERVER = {
    "host": "127.0.0.1",
    "port": int(os.environ["ENGINE_NATIVE_PORT"]),
    "user": os.environ["ENGINE_USER"],
    "password": os.environ["ENGINE_PASSWORD"],
}


def connects():
    client = Client(**SERVER)
    [(version, user)] = client.execute("SELECT version(), currentUser()")
    assert version.startswith("26.") and user == SERVER["user"]
    client.disconnect()
    try:
        Client(**{**SERVER, "password": "wrong"}).execute("SELECT 1")
        raise AssertionError("a wrong password passed")
    except ServerException as error:
        assert error.code == 516, error.code


def binds_parameters():
    text = "it's a \\ back\\\\slash\n\ttab"
    rows = Client(**SERVER).execute("SELECT %(s)s, %(n)s, %(d)s", {"s": text, "n": 7, "d": date(2026, 11, 5)})
    assert rows == [(text, 7, "2026-11-05")], rows


def inserts_and_reads_blocks():
    for compression in ["lz4", False]:
        client = Client(**SERVER, compression=compression)
        client.execute("CREATE TABLE native (n UInt32, s Nullable(String), at DateTime, d Decimal(9, 2), tags Array(String)) ENGINE = MergeTree ORDER BY n")
        rows = [(n, None if n % 2 else f"row {n}", datetime(2026, 11, 5, 1, 2, 3), Decimal("1.25"), ["a", str(n)]) for n in range(50_000)]
        assert client.execute("INSERT INTO native VALUES", rows) == 50_000
        assert client.execute("SELECT * FROM native ORDER BY n") == rows
        client.execute("DROP TABLE native SYNC")
        client.disconnect()


def streams():
    client = Client(**SERVER, compression="lz4")
    rows = client.execute_iter("SELECT number FROM numbers(1000000)", settings={"max_block_size": 10_000})
    assert sum(row[0] for row in rows) == 499_999_500_000
    progress = client.execute_with_progress("SELECT sum(number) FROM numbers(10000000)")
    for _ in progress:
        pass
    assert progress.get_result() == [(49_999_995_000_000,)]


def tells_errors():
    client = Client(**SERVER)
    for query, code in [("SELECT * FROM nowhere", 60), ("SELEC 1", 62), ("SELECT throwIf(1)", 395)]:
        try:
            client.execute(query)
            raise AssertionError(f"{query} passed")
        except ServerException as error:
            assert error.code == code, (query, error.code)
    assert client.execute("SELECT 1") == [(1,)]


def reads_as_a_reader_may():
    admin = Client(**SERVER)
    admin.execute("CREATE DATABASE published")
    admin.execute("CREATE TABLE published.t (n UInt8) ENGINE = MergeTree ORDER BY n")
    admin.execute("INSERT INTO published.t VALUES", [(1,), (2,)])
    cursor = connect(**{**SERVER, "user": "reader", "database": "published"}).cursor()
    cursor.execute("SELECT sum(n) FROM t")
    assert cursor.fetchall() == [(3,)]
    try:
        cursor.execute("INSERT INTO t SELECT 1")
        raise AssertionError("a reader wrote")
    except Exception as error:
        assert "Not enough privileges" in str(error), error


for check in [
    connects,
    binds_parameters,
    inserts_and_reads_blocks,
    streams,
    tells_errors,
    reads_as_a_reader_may,
]:
    begun = time.monotonic()
    check()
    print(f"ok {check.__name__} {time.monotonic() - begun:.2f}", flush=True)
