-- Beside the rights on a single server: statements of an earlier attempt are looked for, and killed, on every replica of the service.
GRANT REMOTE ON *.* TO daybook;
GRANT CLUSTER ON *.* TO daybook;
