"""The archive: PostgreSQL/PostGIS, files in and out."""
