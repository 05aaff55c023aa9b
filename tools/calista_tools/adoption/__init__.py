"""How does a project take the tools up? `calista-migrations init`."""
