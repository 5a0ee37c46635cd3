-- The ledger is append-only.
GRANT CREATE DATABASE, CREATE TABLE, SELECT, INSERT ON daybook.* TO daybook;

-- Rejected lines are the only records that are ever removed: those of replaced chunks by the nightly run, others by `daybook erase`.
GRANT ALTER DELETE ON daybook.rejected_rows TO daybook;

-- The tables that readers query: `apply` creates and alters them; a publish replaces or drops the partition of one day
-- (INSERT, ALTER DELETE). Columns are dropped only in the empty contract tables, `raw_<source>`.
GRANT CREATE DATABASE, CREATE TABLE, SELECT, INSERT, ALTER DELETE ON analytics.* TO daybook;
GRANT ALTER ADD COLUMN, ALTER MODIFY COLUMN, ALTER COMMENT COLUMN, ALTER MODIFY COMMENT, ALTER SETTINGS ON analytics.* TO daybook;
GRANT ALTER DROP COLUMN ON analytics.raw_* TO daybook;

-- Stages, in which builds are made and tested, and archives. Tables there do not merge, so that copied partitions remain hard links.
GRANT CREATE DATABASE, DROP DATABASE, CREATE TABLE, DROP TABLE, SELECT, INSERT, ALTER DELETE ON daybook_shop_*.* TO daybook;

-- Scratch databases with empty tables, in which ClickHouse analyzes the project's SQL.
GRANT CREATE DATABASE, DROP DATABASE, CREATE TABLE, DROP TABLE, SELECT, INSERT ON daybook_schema_shop_*.* TO daybook;
GRANT ALTER ADD COLUMN, ALTER DROP COLUMN, ALTER MODIFY COLUMN, ALTER COMMENT COLUMN, ALTER MODIFY COMMENT, ALTER SETTINGS ON daybook_schema_shop_*.* TO daybook;

-- Objects are read and written with the table function s3(), which ClickHouse treats as a temporary table.
GRANT S3 ON *.* TO daybook;
GRANT CREATE TEMPORARY TABLE ON *.* TO daybook;
GRANT NAMED COLLECTION ON daybook_store TO daybook;

-- To read which tables exist and which statements are running. Needed on servers that restrict system tables and table engines.
GRANT SELECT ON system.columns TO daybook;
GRANT SELECT ON system.constraints TO daybook;
GRANT SELECT ON system.data_skipping_indices TO daybook;
GRANT SELECT ON system.databases TO daybook;
GRANT SELECT ON system.parts TO daybook;
GRANT SELECT ON system.processes TO daybook;
GRANT SELECT ON system.projections TO daybook;
GRANT SELECT ON system.tables TO daybook;
GRANT TABLE ENGINE ON MergeTree TO daybook;
GRANT TABLE ENGINE ON Null TO daybook;
GRANT TABLE ENGINE ON Atomic TO daybook;
