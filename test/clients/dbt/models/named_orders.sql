{{ config(materialized='view') }}

select orders.id as id, orders.day as day, countries.name as country, orders.amount as amount
from {{ ref('orders') }} as orders
inner join {{ ref('countries') }} as countries on countries.code = orders.country
