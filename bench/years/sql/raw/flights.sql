CREATE TABLE raw_flights
(
    flight      String,
    day         Date,
    carrier     String,
    origin      String,
    destination String,
    delay       Nullable(Int32),
    distance    UInt32,
    _source     Tuple(object String, line UInt64, text String, error String)
)
ENGINE = MergeTree
ORDER BY tuple();
