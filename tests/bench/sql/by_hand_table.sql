-- A table like the messages', with the same indexes, outside of row-level security.
DROP TABLE IF EXISTS bench_message;
CREATE TABLE bench_message (LIKE delivery_message INCLUDING DEFAULTS INCLUDING IDENTITY INCLUDING INDEXES)
    WITH (fillfactor = 60);
GRANT SELECT, INSERT, TRUNCATE ON bench_message TO connect_app
