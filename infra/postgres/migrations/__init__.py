"""The PostgreSQL schema and its migrations."""
