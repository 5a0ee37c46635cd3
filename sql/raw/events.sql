-- The contract of one raw JSON line.
-- A `Nullable` column may be missing. Any other column is required, and a line without it is rejected.
-- A line with a value that does not fit its type is rejected, with column, value and type as the reason; values are never rounded or
-- truncated.
-- Other keys are ignored.
CREATE TABLE raw_events
(
    event_id   UUID,
    ts         DateTime64(3, 'Europe/Berlin'), -- ISO text with a zone, such as 2026-11-05T08:15:30.123Z
    event_type String,
    session_id String,
    user_id    Nullable(String),               -- guests have none
    country    Nullable(String),
    product_id Nullable(String),
    price      Nullable(Decimal(10, 2)),       -- per piece, in euros
    quantity   Nullable(UInt8),
    device     Tuple(os Nullable(String), browser Nullable(String)),
    tags       Array(String),

    -- The origin of the line. Daybook fills it, and the normalizing SELECT passes it on.
    _source    Tuple(object String, line UInt64, text String, error String)
)
-- The table stays empty. It exists so that the normalizing SELECT can be tried in any client.
ENGINE = MergeTree
ORDER BY tuple();
