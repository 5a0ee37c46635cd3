select sum(orders) as orders
from {{ ref('daily_sales') }}
having orders != 1000
