-- name: structureOf
-- What must be equal in both tables for REPLACE PARTITION: columns, keys, indices, projections and storage policy.
-- One row of texts, equal for tables that fit.
SELECT
    (
        SELECT arrayStringConcat(arraySort(groupArray(concat(name, ' ', type))), ', ')
        FROM system.columns
        WHERE database = {database:String} AND table = {table:String} AND default_kind IN ('', 'DEFAULT', 'MATERIALIZED')
    ) AS columns,
    (
        SELECT arrayStringConcat(arraySort(groupArray(concat(name, ' ', type_full, ' ', expr))), ', ')
        FROM system.data_skipping_indices
        WHERE database = {database:String} AND table = {table:String}
    ) AS indices,
    (
        SELECT arrayStringConcat(arraySort(groupArray(concat(name, ' ', query))), ', ')
        FROM system.projections
        WHERE database = {database:String} AND table = {table:String}
    ) AS projections,
    partition_key,
    sorting_key,
    primary_key,
    storage_policy
FROM system.tables
WHERE database = {database:String} AND name = {table:String}
