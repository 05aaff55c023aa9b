"""Whose ``env.py`` is run, with which settings, and how?"""
