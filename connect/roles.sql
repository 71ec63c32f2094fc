-- The roles of Connect and its database, for psql as a superuser; running it again changes nothing.
--
--   connect_owner    owns the database and migrates; row-level security binds it too (FORCE)
--   connect_definer  can't log in; passes by row-level security; owns the few SECURITY DEFINER functions
--   connect_app      runs the app; owns nothing; never passes by row-level security
--   connect_backup   dumps; reads everything, writes nothing
--
-- Embedded servers let roles in without passwords through a socket that only their user can reach. Elsewhere set
-- CONNECT_OWNER_PASSWORD, CONNECT_APP_PASSWORD and CONNECT_BACKUP_PASSWORD in psql's environment.
\set ON_ERROR_STOP on
SET client_min_messages = warning;

SELECT format('CREATE ROLE %I', name)
FROM unnest(ARRAY['connect_owner', 'connect_definer', 'connect_app', 'connect_backup']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
\gexec

ALTER ROLE connect_owner LOGIN CREATEDB NOSUPERUSER NOCREATEROLE NOREPLICATION NOBYPASSRLS;
ALTER ROLE connect_definer NOLOGIN NOCREATEDB NOSUPERUSER NOCREATEROLE NOREPLICATION BYPASSRLS;
ALTER ROLE connect_app LOGIN NOCREATEDB NOSUPERUSER NOCREATEROLE NOREPLICATION NOBYPASSRLS;
ALTER ROLE connect_backup LOGIN NOCREATEDB NOSUPERUSER NOCREATEROLE NOREPLICATION BYPASSRLS;
ALTER ROLE connect_backup SET default_transaction_read_only = on;

-- A member's own row-level security stays as it is (attributes aren't inherited): the owner may only hand functions over.
GRANT connect_definer TO connect_owner;
GRANT pg_read_all_data TO connect_backup;
-- A restore ends the sessions of the database that it takes the place of.
GRANT pg_signal_backend TO connect_owner;

\getenv owner_password CONNECT_OWNER_PASSWORD
\getenv app_password CONNECT_APP_PASSWORD
\getenv backup_password CONNECT_BACKUP_PASSWORD
\if :{?owner_password}
    ALTER ROLE connect_owner PASSWORD :'owner_password';
\endif
\if :{?app_password}
    ALTER ROLE connect_app PASSWORD :'app_password';
\endif
\if :{?backup_password}
    ALTER ROLE connect_backup PASSWORD :'backup_password';
\endif

-- Every database made from now on, those of tests too, lets the definer role hold functions.
\connect template1
SET client_min_messages = warning;
GRANT CREATE ON SCHEMA public TO connect_definer;

SELECT 'CREATE DATABASE connect OWNER connect_owner'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'connect')
\gexec
