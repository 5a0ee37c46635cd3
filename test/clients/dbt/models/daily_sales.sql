{{
    config(
        materialized='incremental', incremental_strategy='insert_overwrite',
        engine='MergeTree()', order_by='(day, country)', partition_by='day'
    )
}}

select day, country, count() as orders, sum(amount) as amount, now64(6) as built_at
from {{ ref('named_orders') }}
{% if is_incremental() %}
where day >= (select max(day) from {{ this }})
{% endif %}
group by day, country
