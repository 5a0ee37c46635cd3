-- Beside the rights on a single server: the databases of a cluster replicate, and a node waits for what others have written.
GRANT TABLE ENGINE ON Replicated TO daybook;
GRANT TABLE ENGINE ON ReplicatedMergeTree TO daybook;
GRANT SYSTEM SYNC REPLICA, SYSTEM SYNC DATABASE REPLICA ON daybook.* TO daybook;
GRANT SYSTEM SYNC REPLICA, SYSTEM SYNC DATABASE REPLICA ON analytics.* TO daybook;
GRANT SYSTEM SYNC REPLICA, SYSTEM SYNC DATABASE REPLICA ON daybook_shop_*.* TO daybook;
