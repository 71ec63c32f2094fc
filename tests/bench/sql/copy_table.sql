-- The columns of the file, without index or check.
DROP TABLE IF EXISTS bench_copy;
CREATE TABLE bench_copy (
    customer_id text, email text, first_name text, last_name text, language text, time_zone text,
    country text, region text, tier text, points text, birthday text, interests text
)
