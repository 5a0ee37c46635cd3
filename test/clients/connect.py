"""Uses the engine at ENGINE_PORT as clickhouse-connect's users do; prints one line for each promise that holds."""

import itertools
import os
import time
from datetime import date, datetime, timezone
from decimal import Decimal
from ipaddress import IPv4Address
from uuid import UUID

import clickhouse_connect
from clickhouse_connect.driver.exceptions import DatabaseError
from clickhouse_connect.driver.external import ExternalData

SERVER = {
    "host": "127.0.0.1",
    "port": int(os.environ["ENGINE_PORT"]),
    "username": os.environ["ENGINE_USER"],
    "password": os.environ["ENGINE_PASSWORD"],
}


def connect(**options):
    return clickhouse_connect.get_client(**SERVER, **options)


def connects():
    client = connect()
    assert client.ping()
    assert client.command("SELECT 1") == 1
    assert client.server_version.startswith("26.")
    assert client.server_settings["max_threads"].readonly == 0
    assert client.command("SELECT timezone()") == "UTC"
    client.close()


def binds_parameters():
    client = connect()
    text = "it's a \\ back\\\\slash\n\ttab {x:String}; --"
    query = "SELECT {s:String}, {n:UInt32}, {d:Date}, {a:Array(String)}, {t:Nullable(DateTime64(3))}"
    parameters = {"s": text, "n": 7, "d": date(2026, 11, 5), "a": ["a'b", "c\nd"], "t": None}
    assert client.query(query, parameters=parameters).first_row == (text, 7, date(2026, 11, 5), ["a'b", "c\nd"], None)
    # Without a type, the client writes the value into the statement itself.
    assert client.query("SELECT %(s)s, %(n)s", parameters={"s": text, "n": 7}).first_row == (text, 7)
    form = connect(form_encode_query_params=True)
    assert form.query("SELECT {s:String}", parameters={"s": text}).first_row == (text,)


def reads_native_types():
    client = connect()
    row = client.query(
        """SELECT toUInt64(18446744073709551615) AS u, toInt8(-1) AS i, 1.5 AS f, toDecimal64('12.34', 2) AS dec,
                  'ü' AS s, toFixedString('ab', 2) AS fs, toLowCardinality('low') AS lc, [1, NULL] AS arr,
                  map('k', 1) AS m, (1, 'x') AS t, toUUID('61f0c404-5cb3-11e7-907b-a6006ad3dba0') AS uuid,
                  toIPv4('127.0.0.1') AS ip, toDate('2026-11-05') AS day, toDateTime('2026-11-05 01:02:03', 'UTC') AS dt,
                  toDateTime64('2026-11-05 01:02:03.456', 3, 'UTC') AS dt64, true AS b,
                  CAST('a', 'Enum8(\\'a\\' = 1)') AS e, NULL AS nothing"""
    )
    found = dict(zip(row.column_names, row.first_row, strict=True))
    stamp = datetime(2026, 11, 5, 1, 2, 3)
    assert found["u"] == 18446744073709551615 and found["i"] == -1 and found["f"] == 1.5
    assert found["dec"] == Decimal("12.34") and found["s"] == "ü" and found["fs"] == b"ab" and found["lc"] == "low"
    assert found["arr"] == [1, None] and found["m"] == {"k": 1} and found["t"] == (1, "x")
    assert found["uuid"] == UUID("61f0c404-5cb3-11e7-907b-a6006ad3dba0") and found["ip"] == IPv4Address("127.0.0.1")
    assert found["day"] == date(2026, 11, 5) and found["dt"].replace(tzinfo=None) == stamp
    assert found["dt64"].replace(tzinfo=None) == stamp.replace(microsecond=456_000)
    assert found["b"] is True and found["e"] == "a" and found["nothing"] is None
    assert client.query("SELECT 1 AS a WHERE 0").result_rows == []
    assert client.query("SELECT 1 AS a LIMIT 0").column_names == ("a",)
    assert client.query("DESCRIBE TABLE system.one").first_row[:2] == ("dummy", "UInt8")
    assert ("system",) in client.query("SHOW DATABASES").result_rows


def inserts_native():
    client = connect()
    client.command("CREATE TABLE py (n UInt32, s String, at DateTime('UTC'), tags Array(String)) ENGINE = MergeTree ORDER BY n")
    at = datetime(2026, 11, 5, 1, 2, 3, tzinfo=timezone.utc)
    rows = [[n, f"it's {n}\n", at, ["a", str(n)]] for n in range(50_000)]
    summary = client.insert("py", rows, column_names=["n", "s", "at", "tags"])
    assert summary.written_rows == 50_000, summary.summary
    for compress in ["lz4", "zstd", "gzip", False]:
        other = connect(compress=compress)
        other.insert("py", [[1, "x", at, []], [2, "y", at, []]], column_names=["n", "s", "at", "tags"])
        assert other.query("SELECT count() FROM py WHERE s = 'x'").first_row[0] >= 1
        other.close()
    assert client.query("SELECT count(), uniqExact(tags), min(at) FROM py").first_row[:2] == (50_008, 50_001)
    assert client.command("SELECT count() FROM system.parts WHERE table = 'py' AND active") <= 6
    summary = client.raw_insert("py", column_names=["n", "s"], insert_block=b"7\tseven\n", fmt="TSV", compression=None)
    assert summary.written_rows == 1
    client.command("INSERT INTO py (n) VALUES (8)")
    client.command("INSERT INTO py (n) FORMAT CSV", data="9\n10\n")
    assert client.query("SELECT count() FROM py").first_row == (50_012,)
    client.command("DROP TABLE py SYNC")


def streams():
    client = connect()
    query = "SELECT number, toString(number) AS s FROM numbers({rows:UInt64})"
    rows, total = 0, 0
    with client.query_row_block_stream(query, parameters={"rows": 2_000_000}) as blocks:
        for block in blocks:
            rows += len(block)
            total += sum(row[0] for row in block)
    assert (rows, total) == (2_000_000, 1_999_999_000_000)
    with client.query_rows_stream(query, parameters={"rows": 100_000}) as stream:
        assert sum(1 for _ in itertools.islice(stream, 70_000)) == 70_000
    with client.raw_stream("SELECT number FROM numbers(1000000)", fmt="TSV") as stream:
        assert sum(chunk.count(b"\n") for chunk in iter(lambda: stream.read(1 << 20), b"")) == 1_000_000
    for compress in ["lz4", "zstd", "gzip", "deflate", False]:
        other = connect(compress=compress)
        assert len(other.query("SELECT number FROM numbers(300000)").result_rows) == 300_000
        with other.query_column_block_stream("SELECT number FROM numbers(300000)") as blocks:
            assert sum(len(block[0]) for block in blocks) == 300_000
        other.close()


def tells_errors():
    client = connect()
    for query, code in [("SELECT * FROM nowhere", 60), ("SELEC 1", 62), ("SELECT throwIf(1)", 395), ("SELECT {x:UInt8}", 456)]:
        try:
            client.query(query)
            raise AssertionError(f"{query} passed")
        except DatabaseError as error:
            assert error.code == code, (query, error.code)
            assert f"Code: {code}" in str(error)
    for compress in [False, True]:
        late = connect(compress=compress)
        try:
            with late.query_row_block_stream("SELECT throwIf(number = 3000000) FROM numbers(5000000)") as blocks:
                for _ in blocks:
                    pass
            raise AssertionError("a late error passed")
        except Exception as error:
            assert "FUNCTION_THROW_IF_VALUE_IS_NON_ZERO" in str(error), (compress, error)


def has_settings_and_sessions():
    client = connect(session_id="py-session", settings={"max_threads": 1})
    assert client.query("SELECT getSetting('max_threads')").first_row == (1,)
    assert client.query("SELECT getSetting('max_threads')", settings={"max_threads": 2}).first_row == (2,)
    assert client.query("SELECT getSetting('max_threads')").first_row == (1,)
    client.command("SET max_block_size = 1234")
    assert client.query("SELECT getSetting('max_block_size')").first_row == (1234,)
    assert client.query("SELECT getSetting('max_block_size')", settings={"max_block_size": 99}).first_row == (99,)
    assert client.query("SELECT getSetting('max_block_size')").first_row == (1234,)
    client.command("CREATE TEMPORARY TABLE mine (n UInt8)")
    client.insert("mine", [[1], [2]], column_names=["n"])
    assert client.query("SELECT sum(n) FROM mine").first_row == (3,)
    other = connect(autogenerate_session_id=False)
    try:
        other.query("SELECT * FROM mine")
        raise AssertionError("the temporary table is seen by others")
    except DatabaseError as error:
        assert error.code == 60
    try:
        other.query("SELECT 1", settings={"no_such_setting": 1})
        raise AssertionError("an unknown setting passed")
    except Exception as error:
        assert "no_such_setting" in str(error)


def sends_summary_and_ids():
    client = connect()
    result = client.query("SELECT number FROM numbers(10)", settings={"query_id": "py-1"})
    assert result.query_id == "py-1" and result.summary["result_rows"] == "10", result.summary
    assert int(result.summary["elapsed_ns"]) > 0
    slow = connect(send_receive_timeout=2)
    slow._backend.progress_interval = "500"
    started = time.monotonic()
    assert slow.query("SELECT sum(sleepEachRow(0.5)) FROM numbers(8) SETTINGS max_block_size = 1").first_row == (0,)
    assert time.monotonic() - started > 3.5


def takes_external_data():
    client = connect()
    data = ExternalData(file_name="people.csv", data=b"1,Ada\n2,Grace\n", fmt="CSV", structure=["id UInt8", "name String"])
    assert client.query("SELECT name FROM people ORDER BY id", external_data=data).result_rows == [("Ada",), ("Grace",)]


for check in [
    connects,
    binds_parameters,
    reads_native_types,
    inserts_native,
    streams,
    tells_errors,
    has_settings_and_sessions,
    sends_summary_and_ids,
    takes_external_data,
]:
    begun = time.monotonic()
    check()
    print(f"ok {check.__name__} {time.monotonic() - begun:.2f}", flush=True)
