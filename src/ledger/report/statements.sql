-- What people ask the ledger: reads over several days, and counts. Nightly runs use some of them, no build of a day does.

-- name: knownDays
-- The first and the last day that was published: a failed one may be mistyped.
SELECT min(day) AS first, max(day) AS last, count() AS records
FROM daybook.publishes
WHERE project = {project:String} AND event = 'done'

-- name: recordedDays
-- The days with a recorded build, up to a day, and whether one of its builds was published.
SELECT DISTINCT
    day,
    toBool(day IN (SELECT day FROM daybook.publishes WHERE project = {project:String} AND event = 'done')) AS done
FROM daybook.builds
WHERE project = {project:String} AND day <= {until:Date}
ORDER BY day

-- name: pastBuilds
-- The newest published builds, and when they were planned and ended, in milliseconds.
SELECT
    day,
    toUnixTimestamp64Milli(minIf(at, event = 'planned')) AS begun,
    toUnixTimestamp64Milli(maxIf(at, event = 'published')) AS ended
FROM daybook.builds
WHERE project = {project:String}
GROUP BY day, generation
HAVING countIf(event = 'planned') > 0 AND countIf(event = 'published') > 0
ORDER BY ended DESC
LIMIT {most:UInt32}

-- name: chunksSince
-- The chunks that were normalized since a moment, with the bytes of their raw objects.
SELECT folder, toUnixTimestamp64Milli(at) AS made, arraySum(object -> object.size, objects) AS bytes
FROM daybook.chunks
WHERE project = {project:String} AND at >= fromUnixTimestamp64Milli({moment:Int64}, 'UTC')

-- name: plans
-- The plans of each day: of the newest build, and of the newest successful one. The URL is empty if there is none.
SELECT
    day,
    argMaxIf((plan, generation), (generation, at), plan != '') AS newest,
    argMaxIf((plan, generation), (generation, at), plan != '' AND event IN ('published', 'unchanged')) AS whole
FROM daybook.builds
WHERE project = {project:String} AND day BETWEEN {first:Date} AND {last_day:Date} AND step != 'compare'
GROUP BY day
ORDER BY day

-- name: newestChunks
-- For each object of the folders, the chunk and normalizer that were recorded last.
SELECT DISTINCT folder, newest.1 AS id, newest.2 AS normalizer
FROM
(
    SELECT day AS folder, object, argMax((chunk, normalizer), at) AS newest
    FROM daybook.accounts
    WHERE project = {project:String} AND account = 'folder' AND source = {source:String}
        AND day BETWEEN {first:Date} AND {last_day:Date}
    GROUP BY folder, object
)
ORDER BY folder, id

-- name: nextCommands
-- What the reason of a build says to run next.
SELECT argMax(commands, at) AS commands
FROM daybook.next_commands
WHERE project = {project:String} AND day = {day:Date} AND generation = {generation:UInt32}
