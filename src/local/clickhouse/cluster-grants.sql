-- Beside the rights on a single server: the databases of a cluster replicate, and a node waits for what others have written.
GRANT TABLE ENGINE ON Replicated TO daybook;
GRANT TABLE ENGINE ON ReplicatedMergeTree TO daybook;
GRANT SYSTEM SYNC REPLICA, SYSTEM SYNC DATABASE REPLICA ON daybook.* TO daybook;
GRANT SYSTEM SYNC REPLICA, SYSTEM SYNC DATABASE REPLICA ON analytics.* TO daybook;
GRANT SYSTEM SYNC REPLICA, SYSTEM SYNC DATABASE REPLICA ON daybook_shop_*.* TO daybook;

-- For `daybook check`: the macros of the nodes, and tables that are read-only because Keeper is not reached.
GRANT SELECT ON system.macros TO daybook;
GRANT SELECT ON system.replicas TO daybook;
