{{ config(materialized='table', engine='MergeTree()', order_by='(day, id)', partition_by='day') }}

select
    number as id,
    toDate('2026-11-01') + number % 4 as day,
    ['DE', 'FR', 'JP'][number % 3 + 1] as country,
    toDecimal64(number % 100, 2) as amount
from numbers(1000)
