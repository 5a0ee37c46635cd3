-- Reads of the ledger that builds depend on. Every table is append-only: each read takes the latest record.
-- What a build asks about its day is read as it was recorded, and latest.ts takes the latest: the engine plans a statement that does so
-- for longer than it runs. Reads over many days take the latest here, and give the same.

-- name: publishRows
SELECT day, table, generation, event, at, position, rows, hash, columns, code, data, inputs, chunks, archive, archived_rows, archived_hash
FROM daybook.publishes
WHERE project = {project:String} AND day BETWEEN {first:Date} AND {last_day:Date}

-- name: publishEvents
-- The same without hashes, and without what the tables were made from.
SELECT day, table, generation, event, at, position, rows, code, data, archive
FROM daybook.publishes
WHERE project = {project:String} AND day BETWEEN {first:Date} AND {last_day:Date}

-- name: reproducedRows
SELECT day, table, generation, build, at, code, data, inputs, chunks
FROM daybook.reproduced
WHERE project = {project:String} AND day BETWEEN {first:Date} AND {last_day:Date}

-- name: buildRows
SELECT day, generation, event, at, step, reason
FROM daybook.builds
WHERE project = {project:String} AND day = {day:Date}

-- name: holdRows
SELECT day, event, reason, at
FROM daybook.holds
WHERE project = {project:String} AND day BETWEEN {first:Date} AND {last_day:Date}

-- name: passedRows
SELECT generation, tests
FROM daybook.passed_tests
WHERE project = {project:String} AND day = {day:Date}

-- name: ownerRows
-- The projects that the name has belonged to.
SELECT id, database, bucket, at
FROM daybook.projects
WHERE project = {project:String}

-- The latest event of each (day, table, generation), which is the highest: events of a generation always follow in that order,
-- whatever the clocks say. If two attempts wrote an intent, the archive of the first one was made before any swap.
-- Every read of publishes over many days starts here.
-- name: latestPublishes
SELECT
    day,
    table,
    generation,
    toString(max(event)) AS last,
    max(at) AS last_at,
    argMin(position, at) AS position,
    argMin(rows, at) AS rows,
    argMin(hash, at) AS hash,
    argMin(columns, at) AS columns,
    argMin(code, at) AS code,
    argMin(data, at) AS data,
    argMin(inputs, at) AS inputs,
    argMin(chunks, at) AS chunks,
    argMin(archive, at) AS archive,
    argMin(archived_rows, at) AS archived_rows,
    argMin(archived_hash, at) AS archived_hash
FROM daybook.publishes
WHERE project = {project:String} AND day BETWEEN {first:Date} AND {last_day:Date}
GROUP BY day, table, generation

-- name: knownPublishes
-- The same, with what the newest build that gave the same rows was made of instead: such a build publishes nothing. What depends on
-- a publish still knows it by what it was made of first.
SELECT
    published.* EXCEPT (code, data, inputs, chunks),
    if(again.build = 0, published.generation, again.build) AS made_by,
    published.code AS first_code,
    published.data AS first_data,
    if(again.build = 0, published.code, again.code) AS code,
    if(again.build = 0, published.data, again.data) AS data,
    if(again.build = 0, published.inputs, again.inputs) AS inputs,
    if(again.build = 0, published.chunks, again.chunks) AS chunks
FROM {{latestPublishes}} AS published
LEFT JOIN
(
    SELECT
        day,
        table,
        generation,
        max(reproduced.build) AS build,
        argMax(code, (reproduced.build, at)) AS code,
        argMax(data, (reproduced.build, at)) AS data,
        argMax(inputs, (reproduced.build, at)) AS inputs,
        argMax(chunks, (reproduced.build, at)) AS chunks
    FROM daybook.reproduced AS reproduced
    WHERE project = {project:String} AND day BETWEEN {first:Date} AND {last_day:Date}
    GROUP BY day, table, generation
) AS again USING (day, table, generation)

-- name: currentPublishes
-- What readers have: for each table's day, the newest generation that is done and not undone.
SELECT * EXCEPT (last, last_at)
FROM {{knownPublishes}}
WHERE last = 'done'
ORDER BY day, table, generation DESC
LIMIT 1 BY day, table

-- name: openIntents
-- Unfinished publishes and rollbacks.
SELECT * EXCEPT (last_at)
FROM {{latestPublishes}}
WHERE last IN ('intent', 'rollback')
ORDER BY day, generation, position

-- name: publishedTables
SELECT day, table, generation, rows, code, data, last_at AS at
FROM {{knownPublishes}}
WHERE last = 'done'
ORDER BY day, table, generation DESC
LIMIT 1 BY day, table

-- name: publishedInputs
-- What readers have and what it was made from; without the chunks, so that the result of years is small.
SELECT day, table, code, data, first_code, first_data, inputs
FROM {{knownPublishes}}
WHERE last = 'done'
ORDER BY day, table, generation DESC
LIMIT 1 BY day, table

-- name: unusedChunks
-- Days with rows in a chunk that was recorded after their build was planned. A day that is listed again finds the chunk anyway;
-- this finds days that are not. A chunk of objects that the day was built from in other chunks adds nothing: another build grouped
-- them differently meanwhile. Only a later chunk of the very same objects replaces the used one: its rejects were processed again.
SELECT DISTINCT day, table
FROM
(
    SELECT
        published.day AS day,
        published.table AS table,
        recorded.chunk AS chunk,
        recorded.held AS held,
        recorded.recorded_at AS recorded_at,
        arrayJoin(if(empty(published.chunks), [''], published.chunks)) AS used
    FROM
    (
        SELECT day, table, made_by, generation, arrayMap(chunk -> toString(chunk), chunks) AS chunks
        FROM {{knownPublishes}}
        WHERE last = 'done'
        ORDER BY day, table, generation DESC
        LIMIT 1 BY day, table
    ) AS published
    INNER JOIN
    (
        SELECT day, generation, min(at) AS at
        FROM daybook.builds
        WHERE project = {project:String} AND event = 'planned' AND day BETWEEN {first:Date} AND {last_day:Date}
        GROUP BY day, generation
    ) AS planned ON planned.day = published.day AND planned.generation = published.made_by
    INNER JOIN
    (
        SELECT source, chunk, recorded_at, held, arrayJoin(mapKeys(mapFilter((of, lines) -> lines > 0, by_day))) AS day
        FROM
        (
            SELECT
                source,
                toString(chunk) AS chunk,
                min(at) AS recorded_at,
                any(rows_by_day) AS by_day,
                any(arraySort(arrayMap(object -> concat(object.key, ' ', object.etag), objects))) AS held
            FROM daybook.chunks
            WHERE project = {project:String}
            GROUP BY source, folder, chunk
        )
    ) AS recorded ON recorded.source = published.table AND recorded.day = published.day
    WHERE recorded.recorded_at > planned.at AND NOT has(published.chunks, recorded.chunk)
) AS missed
LEFT JOIN
(
    SELECT
        source,
        toString(chunk) AS chunk,
        min(at) AS recorded_at,
        any(arraySort(arrayMap(object -> concat(object.key, ' ', object.etag), objects))) AS held
    FROM daybook.chunks
    WHERE project = {project:String}
    GROUP BY source, chunk
) AS made ON made.source = missed.table AND made.chunk = missed.used
GROUP BY day, table, missed.chunk, missed.held, missed.recorded_at
HAVING NOT hasAll(groupUniqArrayArray(made.held), missed.held)
    OR countIf(made.held = missed.held AND made.recorded_at < missed.recorded_at) > 0
ORDER BY day, table

-- name: publishHistory
-- Every publish of a day, oldest first, each with its latest event and the moment since which readers had it; '' if they never did.
-- A publish that was undone without having been done failed, it was not rolled back.
SELECT latest.* EXCEPT (last_at), if(done.at = toDateTime64(0, 3, 'UTC'), '', toString(done.at)) AS done_at
FROM {{latestPublishes}} AS latest
LEFT JOIN
(
    SELECT table, generation, min(at) AS at
    FROM daybook.publishes
    WHERE project = {project:String} AND day = {first:Date} AND event = 'done'
    GROUP BY table, generation
) AS done USING (table, generation)
ORDER BY generation, position

-- name: passedTests
-- Tests that each published day passed as readers have it: those of its newest publish, and of later builds without a publish.
SELECT passed.day AS day, groupUniqArrayArray(passed.tests) AS tests
FROM daybook.passed_tests AS passed
INNER JOIN
(
    SELECT day, max(generation) AS newest
    FROM {{latestPublishes}}
    WHERE last = 'done'
    GROUP BY day
) AS published ON published.day = passed.day
WHERE passed.project = {project:String} AND passed.day BETWEEN {first:Date} AND {last_day:Date}
    AND (passed.generation = published.newest
        OR passed.generation > published.newest AND (passed.day, passed.generation) IN
        (
            -- A run that finds nothing to do is recorded under the newest generation, which may be that of a failed build.
            SELECT day, generation
            FROM daybook.builds
            WHERE project = {project:String} AND day BETWEEN {first:Date} AND {last_day:Date}
            GROUP BY day, generation
            HAVING countIf(event = 'unchanged') > 0 AND countIf(event IN ('failed', 'cancelled')) = 0
        ))
GROUP BY day

-- name: latestBuilds
-- The last event of the newest build of each day. A comparison publishes nothing, so it is none: the day stays what it was.
SELECT day, generation, event, at, step, reason
FROM daybook.builds
WHERE project = {project:String} AND day BETWEEN {first:Date} AND {last_day:Date} AND step != 'compare'
ORDER BY day, generation DESC, at DESC, event DESC
LIMIT 1 BY day

-- name: folderAnswers
-- The decisions about the folders of a day, oldest first.
SELECT folder, toString(answer) AS answer, objects
FROM daybook.folder_answers
WHERE project = {project:String} AND source = {source:String} AND day = {day:Date}
ORDER BY at

-- name: folderAccounts
-- The account of each object of the given chunks, each named chunk/normalizer.
SELECT toString(day) AS folder, object, chunk, normalizer, lines, rows, rejected, skipped, blank, quarantined
FROM daybook.accounts
WHERE project = {project:String} AND account = 'folder' AND source = {source:String}
    AND day BETWEEN {first:Date} AND {last_day:Date}
    AND concat(chunk, '/', normalizer) IN {chunks:Array(String)}
ORDER BY folder, object, at DESC
LIMIT 1 BY folder, object, chunk, normalizer

-- name: quarantinedObjects
-- The records of quarantined objects of the given chunks, and why.
SELECT day AS folder, object, quarantined AS reason
FROM daybook.accounts
WHERE project = {project:String} AND account = 'folder' AND source = {source:String}
    AND day BETWEEN {first:Date} AND {last_day:Date}
    AND concat(chunk, '/', normalizer) IN {chunks:Array(String)} AND quarantined != ''

-- name: dayAccounts
SELECT source AS table, generation, rows, loaded, duplicates
FROM daybook.accounts
WHERE project = {project:String} AND account = 'day' AND day = {day:Date}
ORDER BY source, generation DESC, at DESC
LIMIT 1 BY source, generation

-- name: rejectsOf
-- The rejects of the given chunks, one record for each line.
SELECT source, toString(day) AS folder, object, line, reason, text, text_bytes
FROM daybook.rejected_rows
WHERE project = {project:String} AND source = {source:String} AND day = {folder:Date}
    AND concat(toString(chunk), '/', toString(normalizer)) IN {chunks:Array(String)}
ORDER BY object, line
LIMIT 1 BY object, line
LIMIT {most:UInt64}

-- name: testResults
SELECT test, toString(status) AS status, failing, sample
FROM daybook.test_results
WHERE project = {project:String} AND day = {day:Date} AND generation = {generation:UInt32}
ORDER BY test, at DESC
LIMIT 1 BY test

-- name: ledgerFormat
-- The highest format of any record. Fails if the tables do not exist yet.
SELECT max(format) AS format
FROM daybook.builds

-- name: builtBefore
-- The bucket of the newest plan of a project; empty if it has none.
SELECT extract(argMax(plan, at), '^s3://([^/]+)/') AS bucket FROM daybook.builds
WHERE project = {project:String} AND plan != ''

-- name: planOfBuild
-- The plan of one build; no row if it has none.
SELECT plan FROM daybook.builds
WHERE project = {project:String} AND day = {day:Date} AND generation = {generation:UInt32} AND plan != ''
ORDER BY at DESC LIMIT 1
