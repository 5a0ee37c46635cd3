-- What must be equal in two tables for REPLACE PARTITION: columns, keys, indices, projections and storage policy. Read table by table
-- and put together outside, because the engine plans a join of the four for longer than it runs.

-- name: tablesIn
SELECT database, name AS table, partition_key, sorting_key, primary_key, storage_policy
FROM system.tables
WHERE database IN {databases:Array(String)} AND name IN {tables:Array(String)}

-- name: columnsIn
SELECT database, table, concat(name, ' ', type) AS text
FROM system.columns
WHERE database IN {databases:Array(String)} AND table IN {tables:Array(String)} AND default_kind IN ('', 'DEFAULT', 'MATERIALIZED')

-- name: indicesIn
SELECT database, table, concat(name, ' ', type_full, ' ', expr) AS text
FROM system.data_skipping_indices
WHERE database IN {databases:Array(String)} AND table IN {tables:Array(String)}

-- name: projectionsIn
SELECT database, table, concat(name, ' ', query) AS text
FROM system.projections
WHERE database IN {databases:Array(String)} AND table IN {tables:Array(String)}
