"""CALISTA: astronomical observations turned into audited results."""

__version__ = "0.1.0"
