"""The migration toolkit: author, lint, prove and keep an Alembic history."""
