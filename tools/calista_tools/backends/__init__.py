"""Scratch databases: SQLite files and a real PostgreSQL server."""
