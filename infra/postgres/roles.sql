-- Run once by a superuser, before the migrations. Names and passwords come as parameters of
-- the statement's caller; nobody works as a superuser after this.
--   datacore_owner    owns the schema, runs the migrations
--   datacore_app      client tables, behind row-level security
--   datacore_runtime  journal, claims, outbox, parked; no client rows
CREATE ROLE datacore_owner LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD :'owner_password';
CREATE ROLE datacore_app LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD :'app_password';
CREATE ROLE datacore_runtime LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD :'runtime_password';
CREATE DATABASE datacore OWNER datacore_owner;
