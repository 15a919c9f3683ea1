"""Changes of the tables, by Alembic. The behaviour of the database is in data/sql."""
