-- The contract of one row of a Parquet object, written like a contract of JSON lines. The object's own types do not matter as long as
-- every value fits the contract's type: 19.99 stored as a double becomes the decimal 19.99.
CREATE TABLE raw_orders
(
    order_id String,
    ts       DateTime64(3, 'Europe/Berlin'),
    user_id  Nullable(String),
    country  Nullable(String),               -- missing in the provider's new release
    amount   Decimal(10, 2),
    currency String,
    status   String,

    _source  Tuple(object String, line UInt64, text String, error String)
)
ENGINE = MergeTree
ORDER BY tuple();
