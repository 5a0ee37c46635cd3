-- name: archivesHeld
-- The tables of a database whose names contain a text: seconds since they were made or altered, and bytes of their parts (shared parts count each time).
SELECT
    name,
    dateDiff('second', metadata_modification_time, now()) AS age,
    ifNull(total_bytes, 0) AS bytes
FROM system.tables
WHERE database = {database:String} AND position(name, {part:String}) > 0
ORDER BY name

-- name: stagesHeld
-- Databases by prefix, with seconds since the newest of their tables was made; a very large number for an empty one.
SELECT name, dateDiff('second', newest, now()) AS age
FROM system.databases
LEFT JOIN
(
    SELECT database, max(metadata_modification_time) AS newest
    FROM system.tables
    WHERE startsWith(database, {prefix:String})
    GROUP BY database
) AS held ON held.database = name
WHERE startsWith(name, {prefix:String})
ORDER BY name
