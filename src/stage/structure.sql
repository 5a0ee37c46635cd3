-- name: structuresOf
-- What must be equal in two tables for REPLACE PARTITION: columns, keys, indices, projections and storage policy.
-- One row of texts for each table, equal for tables that fit.
SELECT
    t.database AS database,
    t.name AS table,
    c.parts AS columns,
    i.parts AS indices,
    p.parts AS projections,
    t.partition_key AS partition_key,
    t.sorting_key AS sorting_key,
    t.primary_key AS primary_key,
    t.storage_policy AS storage_policy
FROM system.tables AS t
LEFT JOIN
(
    SELECT database, table, arrayStringConcat(arraySort(groupArray(concat(name, ' ', type))), ', ') AS parts
    FROM system.columns
    WHERE database IN {databases:Array(String)} AND table IN {tables:Array(String)} AND default_kind IN ('', 'DEFAULT', 'MATERIALIZED')
    GROUP BY database, table
) AS c ON c.database = t.database AND c.table = t.name
LEFT JOIN
(
    SELECT database, table, arrayStringConcat(arraySort(groupArray(concat(name, ' ', type_full, ' ', expr))), ', ') AS parts
    FROM system.data_skipping_indices
    WHERE database IN {databases:Array(String)} AND table IN {tables:Array(String)}
    GROUP BY database, table
) AS i ON i.database = t.database AND i.table = t.name
LEFT JOIN
(
    SELECT database, table, arrayStringConcat(arraySort(groupArray(concat(name, ' ', query))), ', ') AS parts
    FROM system.projections
    WHERE database IN {databases:Array(String)} AND table IN {tables:Array(String)}
    GROUP BY database, table
) AS p ON p.database = t.database AND p.table = t.name
WHERE t.database IN {databases:Array(String)} AND t.name IN {tables:Array(String)}
