-- Queries about ClickHouse itself: its databases, tables and columns, its running queries, its version.

-- name: databasesLike
SELECT name
FROM system.databases
WHERE startsWith(name, {prefix:String})
ORDER BY name

-- name: tablesLike
SELECT name
FROM system.tables
WHERE database = {database:String}
ORDER BY name

-- name: tablesOf
SELECT name, partition_key, create_table_query
FROM system.tables
WHERE database = {database:String}

-- name: columnsOf
-- The stored columns of a table, in order: those that `*` returns.
SELECT name, type
FROM system.columns
WHERE database = {database:String} AND table = {table:String} AND default_kind IN ('', 'DEFAULT')
ORDER BY position

-- name: columnsIn
SELECT table, name, type, default_kind, comment
FROM system.columns
WHERE database = {database:String}
ORDER BY table, position

-- name: checksIn
SELECT table, name, expression
FROM system.constraints
WHERE database = {database:String} AND type = 'CHECK'

-- What an ALTER can change of one table, in three statements.
-- name: optionsOfTable
SELECT comment, engine, engine_full, partition_key, sorting_key, primary_key, sampling_key
FROM system.tables
WHERE database = {database:String} AND table = {table:String}

-- name: columnsOfTable
SELECT name, type, default_kind, default_expression, comment, compression_codec
FROM system.columns
WHERE database = {database:String} AND table = {table:String}
ORDER BY position

-- name: constraintsOfTable
SELECT name, expression
FROM system.constraints
WHERE database = {database:String} AND table = {table:String}
ORDER BY name

-- name: dictionarySources
-- The source tables of the given dictionaries, each named database.dictionary.
SELECT concat(database, '.', name) AS dictionary, source.1 AS database, source.2 AS table
FROM system.tables
ARRAY JOIN arrayZip(loading_dependencies_database, loading_dependencies_table) AS source
WHERE engine = 'Dictionary' AND concat(database, '.', name) IN {dictionaries:Array(String)}

-- name: materializedViewsOn
-- The materialized views that are fed by tables of a database.
SELECT concat(fed.1, '.', fed.2) AS view, name AS table
FROM system.tables
ARRAY JOIN arrayZip(dependencies_database, dependencies_table) AS fed
WHERE database = {database:String}
ORDER BY view

-- Of a cluster: databases whose definitions replicate, and tables whose rows do.
-- name: replicatedDatabases
SELECT name
FROM system.databases
WHERE name IN {databases:Array(String)} AND engine = 'Replicated'

-- name: replicatedTables
SELECT database, name AS table
FROM system.tables
WHERE database IN {databases:Array(String)} AND engine LIKE 'Replicated%MergeTree'

-- name: macros
SELECT macro, substitution
FROM system.macros

-- name: readOnlyReplicas
SELECT concat(database, '.', table) AS name
FROM system.replicas
WHERE database IN {databases:Array(String)} AND is_readonly
ORDER BY name

-- name: databaseEngines
SELECT name, engine
FROM system.databases
WHERE name IN {databases:Array(String)}

-- name: countRunning
-- The running queries whose handle, which is their log comment, starts with the prefix.
SELECT count() AS running
FROM system.processes
WHERE startsWith(Settings['log_comment'], {prefix:String})

-- name: runningQueries
SELECT query_id, elapsed
FROM system.processes
WHERE startsWith(Settings['log_comment'], {prefix:String})

-- name: memoryOfOthers
-- Bytes that all queries but this one hold.
SELECT sum(memory_usage) AS bytes
FROM system.processes
WHERE query_id != queryID()

-- name: killRunning
KILL QUERY
WHERE startsWith(Settings['log_comment'], {prefix:String})
ASYNC

-- name: server
-- Which server answers. The setting is on in ClickHouse Cloud alone.
SELECT toString(serverUUID()) AS id, displayName() AS name, getSetting('cloud_mode') AS cloud

-- name: engineVersion
SELECT version() AS version

-- name: engineState
-- The version, and the functions that users have defined: a hash of all, and the definition of those that have one in SQL.
SELECT version() AS version,
    toString(groupBitXorIf(cityHash64(name, create_query), origin != 'System')) AS functions,
    mapFromArrays(
        groupArrayIf(name, origin != 'System' AND create_query != ''),
        groupArrayIf(create_query, origin != 'System' AND create_query != '')
    ) AS definitions
FROM system.functions
