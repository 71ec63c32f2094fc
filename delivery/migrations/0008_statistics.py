"""A month's messages are in the planner's statistics before the first of them goes."""

from django.db import migrations

from connect.core.rowsecurity import DefinerFunction

#: A table has to be looked at again once it is twice as large as when it was last looked at.
ANALYSE_MONTH = """
DECLARE
    found regclass;
BEGIN
    FOREACH found IN ARRAY ARRAY[
        to_regclass('delivery_message_' || to_char(of_month, 'YYYYMM')), 'delivery_chunk'::regclass
    ] LOOP
        IF EXISTS (
            SELECT FROM pg_class c WHERE c.oid = found
            AND 2 * greatest(c.relpages, 0) < pg_relation_size(found) / current_setting('block_size')::bigint
        ) THEN
            EXECUTE format('ANALYZE %s', found);
        END IF;
    END LOOP;
END
"""


class Migration(migrations.Migration):
    dependencies = [("delivery", "0007_relays")]

    operations = [
        DefinerFunction(
            "analyse_month(of_month date)",
            returns="void",
            body=ANALYSE_MONTH,
            language="plpgsql",
            owner="connect_owner",
        ),
    ]
