"""The migration toolkit: author, lint, prove and keep an Alembic history."""

__version__ = "0.1.0"
#: The repository's address on the web, without a slash at its end. Empty until its owner sets it:
#: no address of ours may stand anywhere else, for whoever registers that one has our users.
PROJECT_URL = ""
