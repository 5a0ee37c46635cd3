{{ config(materialized='table', order_by='country') }}

with totals as (
    select country, sum(amount) as amount from {{ ref('daily_sales') }} group by country
)

select country, amount, {{ dbt.current_timestamp() }} as built_at
from totals
order by amount desc
limit 1
