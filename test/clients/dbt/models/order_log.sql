{{ config(materialized='incremental', incremental_strategy='append', order_by='id') }}

select id, now64(6) as seen_at
from {{ ref('orders') }}
{% if is_incremental() %}
where id > (select max(id) from {{ this }}) - 10
{% endif %}
