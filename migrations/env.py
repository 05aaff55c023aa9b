"""What Alembic runs for every command; the policy's defaults are in `calista.db.policy`."""

from logging.config import fileConfig

from alembic import context

from calista.db import environment

# Only for the `alembic` program: others have set up their own logging.
if context.config.cmd_opts is not None and context.config.config_file_name is not None:
    fileConfig(context.config.config_file_name, disable_existing_loggers=False)

environment.run(context)
