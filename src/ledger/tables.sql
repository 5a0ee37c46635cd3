-- The ledger: what was built, from what, and what became of every raw line.
-- Append-only. A repeated insert of the same record changes nothing: every read takes the latest record by key and generation.
-- Format 1.

CREATE DATABASE IF NOT EXISTS daybook;

-- One record when a build is planned and one when it ends.
CREATE TABLE IF NOT EXISTS daybook.builds
(
    project LowCardinality(String),
    day Date,
    generation UInt32,
    event Enum8('planned' = 1, 'published' = 2, 'unchanged' = 3, 'skipped' = 4, 'failed' = 5, 'cancelled' = 6, 'held' = 7, 'rolled-back' = 8, 'different' = 9),
    at DateTime64(3, 'UTC') DEFAULT now64(3),
    run String COMMENT 'workflow run',
    plan String COMMENT 'URL of the plan object: s3://bucket/key',
    step LowCardinality(String) COMMENT 'step that ended the build, when it failed',
    reason String,
    engine LowCardinality(String) COMMENT 'version of ClickHouse',
    format UInt8 COMMENT 'format of the ledger'
)
ENGINE = MergeTree ORDER BY (project, day, generation, event, at);

-- Publishes. Events: intent before the first swap, done after the last swap is verified, rollback before the first swap of a rollback,
-- undone after its last one. Events of one generation always follow in this order.
CREATE TABLE IF NOT EXISTS daybook.publishes
(
    project LowCardinality(String),
    day Date,
    generation UInt32,
    table LowCardinality(String),
    event Enum8('intent' = 1, 'done' = 2, 'rollback' = 3, 'undone' = 4),
    at DateTime64(3, 'UTC') DEFAULT now64(3),
    position UInt16 COMMENT 'order of the swaps, upstream first',
    rows UInt64,
    hash UInt64 COMMENT 'sum of cityHash64(tuple(columns)) over the day',
    columns Array(String) COMMENT 'the columns, in this order, that both hashes cover',
    code FixedString(32) COMMENT 'fingerprint of what made the day',
    data FixedString(32) COMMENT 'fingerprint of what it was made from',
    inputs Map(String, String) COMMENT 'data fingerprint of each input table',
    chunks Array(FixedString(32)) COMMENT 'chunks with rows for the day; empty for models',
    archive String COMMENT 'table that holds the day as it was before, or empty',
    archived_rows UInt64,
    archived_hash UInt64
)
ENGINE = MergeTree ORDER BY (project, day, table, generation, event, at);

-- Held days: no build replaces them until they are released.
CREATE TABLE IF NOT EXISTS daybook.holds
(
    project LowCardinality(String),
    day Date,
    event Enum8('held' = 1, 'released' = 2),
    reason String,
    at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = MergeTree ORDER BY (project, day, at);

-- Every normalized chunk, by normalizer.
CREATE TABLE IF NOT EXISTS daybook.chunks
(
    project LowCardinality(String),
    source LowCardinality(String),
    folder Date,
    chunk FixedString(32),
    normalizer FixedString(32),
    at DateTime64(3, 'UTC') DEFAULT now64(3),
    manifest String COMMENT 'key of the manifest',
    objects Array(Tuple(key String, etag String, size UInt64)),
    rows_by_day Map(Date, UInt64)
)
ENGINE = MergeTree ORDER BY (project, source, folder, chunk, normalizer, at);

-- Both accounts. folder: lines = rows + rejected + skipped + blank, for each object of a chunk;
-- day: rows = loaded + duplicates, for each table of a build.
CREATE TABLE IF NOT EXISTS daybook.accounts
(
    project LowCardinality(String),
    account Enum8('folder' = 1, 'day' = 2),
    source LowCardinality(String),
    day Date COMMENT 'of the folder, or of the rows',
    chunk String COMMENT 'folder account only',
    normalizer String COMMENT 'folder account only',
    object String COMMENT 'folder account only',
    generation UInt32 COMMENT 'day account only',
    at DateTime64(3, 'UTC') DEFAULT now64(3),
    lines UInt64,
    rows UInt64,
    rejected UInt64,
    skipped UInt64,
    blank UInt64,
    loaded UInt64,
    duplicates UInt64,
    quarantined String COMMENT 'folder account only: why the object was left out; empty if it was read'
)
ENGINE = MergeTree ORDER BY (project, account, source, day, chunk, normalizer, object, generation, at);

-- Rejected raw lines. They belong to their chunk and are replaced with it.
CREATE TABLE IF NOT EXISTS daybook.rejected_rows
(
    project LowCardinality(String),
    source LowCardinality(String),
    day Date COMMENT 'of the folder',
    chunk FixedString(32),
    normalizer FixedString(32),
    object String,
    line UInt64 COMMENT '1 is the first',
    reason String,
    text String COMMENT 'cut at 64 KiB',
    text_bytes UInt64,
    at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = MergeTree ORDER BY (project, source, day, chunk, normalizer, object, line);

CREATE TABLE IF NOT EXISTS daybook.test_results
(
    project LowCardinality(String),
    day Date,
    generation UInt32,
    test LowCardinality(String),
    status Enum8('pass' = 1, 'warn' = 2, 'fail' = 3),
    at DateTime64(3, 'UTC') DEFAULT now64(3),
    failing UInt64 COMMENT 'rows that must not exist',
    sample Array(String) COMMENT 'the first of them, as JSON'
)
ENGINE = MergeTree ORDER BY (project, day, generation, test, at);

-- Decisions about objects that vanished from a folder, for each day that is built from it, so that no later run asks again.
CREATE TABLE IF NOT EXISTS daybook.folder_answers
(
    project LowCardinality(String),
    source LowCardinality(String),
    day Date COMMENT 'day that is built from the folder',
    folder Date,
    answer Enum8('keep' = 1, 'keep-while-empty' = 2, 'replace' = 3, 'empty' = 4),
    at DateTime64(3, 'UTC') DEFAULT now64(3),
    objects Array(Tuple(key String, etag String, size UInt64)) COMMENT 'objects that vanished',
    run String COMMENT 'workflow run'
)
ENGINE = MergeTree ORDER BY (project, source, day, at);

-- Tests that a day passed, all of them in one record: in the stage before its publish, or on the published tables later.
CREATE TABLE IF NOT EXISTS daybook.passed_tests
(
    project LowCardinality(String),
    day Date,
    generation UInt32,
    at DateTime64(3, 'UTC') DEFAULT now64(3),
    tests Array(FixedString(32)) COMMENT 'fingerprint of each test'
)
ENGINE = MergeTree ORDER BY (project, day, generation, at);

-- Builds that gave the rows that readers have already: nothing was published, and the publish counts as made of this from then on.
CREATE TABLE IF NOT EXISTS daybook.reproduced
(
    project LowCardinality(String),
    day Date,
    table LowCardinality(String),
    generation UInt32 COMMENT 'of the publish',
    build UInt32 COMMENT 'generation of the build that gave the same rows',
    at DateTime64(3, 'UTC') DEFAULT now64(3),
    code FixedString(32) COMMENT 'this and the following: as of a publish',
    data FixedString(32),
    inputs Map(String, String),
    chunks Array(FixedString(32))
)
ENGINE = MergeTree ORDER BY (project, day, table, generation, at);

-- Rows that were erased on request: what was done, not whom it was about.
CREATE TABLE IF NOT EXISTS daybook.erasures
(
    project LowCardinality(String),
    id String,
    table LowCardinality(String),
    event Enum8('begun' = 1, 'done' = 2),
    at DateTime64(3, 'UTC') DEFAULT now64(3),
    days Array(Date) COMMENT 'days whose live rows matched',
    rows UInt64 COMMENT 'rows removed from the live table'
)
ENGINE = MergeTree ORDER BY (project, at, id);

-- What a person runs next after a build that did not end well: the commands that its reason names, in that order.
CREATE TABLE IF NOT EXISTS daybook.next_commands
(
    project LowCardinality(String),
    day Date,
    generation UInt32,
    at DateTime64(3, 'UTC') DEFAULT now64(3),
    commands Array(Tuple(name String, args Array(String)))
)
ENGINE = MergeTree ORDER BY (project, day, generation, at);

-- Which project a name belongs to, so that no other one reads or replaces its days. The newest record counts.
CREATE TABLE IF NOT EXISTS daybook.projects
(
    project LowCardinality(String),
    id String COMMENT 'id in the config, or empty',
    database String,
    bucket String,
    at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = MergeTree ORDER BY (project, at);
