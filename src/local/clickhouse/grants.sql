-- The ledger is only ever appended to and read.
GRANT CREATE DATABASE, CREATE TABLE, SELECT, INSERT ON daybook.* TO daybook;

-- What readers query: `apply` creates it and adds columns, comments, codecs and settings; a publish replaces or drops one day's
-- partition (INSERT, ALTER DELETE). Columns are dropped in the empty tables of contracts alone, `raw_<source>`.
GRANT CREATE DATABASE, CREATE TABLE, SELECT, INSERT, ALTER DELETE ON analytics.* TO daybook;
GRANT ALTER ADD COLUMN, ALTER MODIFY COLUMN, ALTER COMMENT COLUMN, ALTER MODIFY COMMENT, ALTER SETTINGS ON analytics.* TO daybook;
GRANT ALTER DROP COLUMN ON analytics.raw_* TO daybook;

-- Stages and archives: every build is made and tested here. Merges are stopped, so that copied partitions stay hard links.
GRANT CREATE DATABASE, DROP DATABASE, CREATE TABLE, DROP TABLE, SELECT, INSERT, ALTER DELETE, SYSTEM MERGES ON daybook_shop_*.* TO daybook;

-- Where the engine is asked, on empty tables, what the project's SQL means.
GRANT CREATE DATABASE, DROP DATABASE, CREATE TABLE, DROP TABLE, SELECT, INSERT ON daybook_schema_shop_*.* TO daybook;
GRANT ALTER ADD COLUMN, ALTER DROP COLUMN, ALTER MODIFY COLUMN, ALTER COMMENT COLUMN, ALTER MODIFY COMMENT, ALTER SETTINGS ON daybook_schema_shop_*.* TO daybook;

-- Objects are read and written by the table function s3(), which the engine counts as a temporary table.
GRANT S3 ON *.* TO daybook;
GRANT CREATE TEMPORARY TABLE ON *.* TO daybook;
GRANT NAMED COLLECTION ON daybook_store TO daybook;

-- What stands, and what still runs. Servers that ask for rights on system tables and on engines need these.
GRANT SELECT ON system.columns TO daybook;
GRANT SELECT ON system.constraints TO daybook;
GRANT SELECT ON system.data_skipping_indices TO daybook;
GRANT SELECT ON system.databases TO daybook;
GRANT SELECT ON system.parts TO daybook;
GRANT SELECT ON system.processes TO daybook;
GRANT SELECT ON system.projections TO daybook;
GRANT SELECT ON system.tables TO daybook;
GRANT TABLE ENGINE ON MergeTree TO daybook;
GRANT TABLE ENGINE ON Atomic TO daybook;
