"""How does a name look that is longer than PostgreSQL takes?

Sources: ``_truncate_and_render_maxlen_name`` in SQLAlchemy's ``sql/compiler.py``,
``makeObjectName`` in PostgreSQL's ``commands/indexcmds.c``.
"""

from __future__ import annotations

#: NAMEDATALEN - 1, in bytes.
LONGEST = 63


def shorten(name: str) -> str:
    """Return a conventional (or ``op.f``) name as SQLAlchemy sends it to PostgreSQL."""
    # SQLAlchemy counts characters, PostgreSQL bytes.
    if len(name) > LONGEST:
        from hashlib import md5

        digest = md5(name.encode(), usedforsecurity=False).hexdigest()
        name = f"{name[: LONGEST - 8]}_{digest[-4:]}"
    return clip(name)


def clip(name: str, longest: int = LONGEST) -> str:
    """Return a name as PostgreSQL keeps it: whole characters within 63 bytes."""
    if len(name) * 4 <= longest:
        return name
    return name.encode("utf-8", "surrogatepass")[:longest].decode("utf-8", "ignore")


def object_name(table: str, columns: str, label: str) -> str:
    """Return the name that PostgreSQL gives to an unnamed object: ``table_columns_label``.

    Too long, the longer of the first two parts loses bytes until it fits.
    """
    overhead = len(label) + 1 + (1 if columns else 0)
    available = LONGEST - overhead
    one, two = len(table.encode()), len(columns.encode())
    while one + two > available:
        if one > two:
            one -= 1
        else:
            two -= 1
    parts = [clip(table, one), clip(columns, two)] if columns else [clip(table, one)]
    return "_".join([*parts, label])


def column_part(columns: list[str]) -> str:
    """Return the columns' part of an unnamed object's name, as ChooseIndexNameAddition has it."""
    found = ""
    for column in columns:
        found = f"{found}_{column}" if found else column
        if len(found.encode()) >= LONGEST + 1:
            break
    return clip(found, LONGEST)
