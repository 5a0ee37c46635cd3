-- Returned parcels. On most days there are none, and the folder is empty: see `onEmpty` in daybook.config.ts.
CREATE TABLE raw_returns
(
    return_id String,
    ts        DateTime64(3, 'Europe/Berlin'),
    order_id  String,
    amount    Decimal(10, 2),
    reason    Nullable(String),

    _source   Tuple(object String, line UInt64, text String, error String)
)
ENGINE = MergeTree
ORDER BY tuple();
