"""CALISTA's database: its tables, the way to it, and how it is kept at the right revision."""
