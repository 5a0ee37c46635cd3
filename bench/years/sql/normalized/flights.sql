CREATE TABLE flights
(
    day         Date,
    flight      String,
    carrier     LowCardinality(String),
    origin      LowCardinality(String),
    destination LowCardinality(String),
    delay       Nullable(Int32),
    distance    UInt32
)
ENGINE = MergeTree
PARTITION BY day
ORDER BY (carrier, flight);

SELECT day, flight, carrier, origin, destination, delay, distance, _source
FROM raw_flights;
