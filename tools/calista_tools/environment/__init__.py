"""Where is a project's Alembic environment, and how is it run?"""
