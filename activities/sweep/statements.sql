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

-- name: replacedRejects
-- Chunks with rejects, recorded before a moment, that are not the newest record of any of their objects.
SELECT source, toString(day) AS folder, toString(chunk) AS id, toString(normalizer) AS normalizer
FROM daybook.rejected_rows
WHERE project = {project:String}
GROUP BY source, day, chunk, normalizer
HAVING max(at) < fromUnixTimestamp64Milli({before:Int64}, 'UTC')
    AND (source, day, id, normalizer) NOT IN
    (
        SELECT source, day, newest.1, newest.2
        FROM
        (
            SELECT source, day, object, argMax((toString(chunk), toString(normalizer)), at) AS newest
            FROM daybook.accounts
            WHERE project = {project:String} AND account = 'folder'
            GROUP BY source, day, object
        )
    )
ORDER BY source, folder, id, normalizer

-- name: removeRejects
-- Removes the rejects of chunks, each named source/folder/chunk/normalizer.
ALTER TABLE daybook.rejected_rows
DELETE WHERE project = {project:String}
    AND concat(source, '/', toString(day), '/', toString(chunk), '/', toString(normalizer)) IN {chunks:Array(String)}
