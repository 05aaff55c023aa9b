"""What is in this schema? Every object that our revisions can make, by what the catalogs say.

Two schemas are equal when their catalogs are: keys name the objects, values say what they are.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlalchemy import text

from calista.db.engine import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import Connection

#: Kind and name, for instance ``("trigger", "event_store_forbid_mod on event_store")``.
Key = tuple[str, str]
Catalog = dict[Key, str]

_POSTGRESQL = {
    "table": """
        SELECT c.relname, concat_ws(' ',
            CASE c.relpersistence WHEN 'u' THEN 'unlogged' END,
            CASE WHEN c.relrowsecurity THEN 'with row security' END,
            CASE WHEN c.relforcerowsecurity THEN 'for its owner too' END,
            -- Whoever made the one made the others: a table of somebody else's is not in our hands.
            CASE WHEN c.relowner <> v.relowner THEN 'owned by ' || pg_get_userbyid(c.relowner) END,
            obj_description(c.oid, 'pg_class'))
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_class v ON v.relnamespace = n.oid AND v.relname = 'alembic_version'
        WHERE n.nspname = :schema AND c.relkind IN ('r', 'p')""",
    # Rows of a table that inherits from ours appear in ours, past its triggers.
    "heir": """
        SELECT i.inhrelid::regclass::text || ' on ' || c.relname, ''
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhparent
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = :schema AND c.relkind = 'r'""",
    "policy": """
        SELECT p.polname || ' on ' || c.relname, concat_ws(' ', p.polcmd,
            CASE WHEN NOT p.polpermissive THEN 'restrictive' END,
            pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
        FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = :schema""",
    "column": """
        SELECT c.relname || '.' || a.attname, concat_ws(' ',
            format_type(a.atttypid, a.atttypmod),
            CASE WHEN a.attnotnull THEN 'NOT NULL' END,
            'DEFAULT ' || pg_get_expr(d.adbin, d.adrelid),
            CASE a.attidentity WHEN 'a' THEN 'IDENTITY ALWAYS' WHEN 'd' THEN 'IDENTITY' END,
            CASE WHEN a.attgenerated <> '' THEN 'GENERATED' END,
            (SELECT 'COLLATE ' || l.collname FROM pg_collation l
                WHERE l.oid = a.attcollation AND l.collname <> 'default'),
            '-- ' || col_description(c.oid, a.attnum))
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE n.nspname = :schema AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped""",
    # PostgreSQL 18 has NOT NULL among them; the columns say that already.
    "constraint": """
        SELECT o.conname || ' on ' || c.relname,
            concat_ws(' ', pg_get_constraintdef(o.oid),
            CASE WHEN NOT o.convalidated AND pg_get_constraintdef(o.oid) NOT LIKE '%NOT VALID'
                THEN 'NOT VALID' END,
            CASE WHEN EXISTS (SELECT 1 FROM pg_trigger t
                WHERE t.tgconstraint = o.oid AND t.tgenabled = 'D') THEN '(disabled)' END)
        FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = :schema AND o.contype IN ('c', 'f', 'p', 'u', 'x')""",
    "index": """
        SELECT i.relname || ' on ' || c.relname, pg_get_indexdef(i.oid) ||
            CASE WHEN x.indisvalid THEN '' ELSE ' INVALID' END
        FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
        JOIN pg_class c ON c.oid = x.indrelid
        JOIN pg_namespace n ON n.oid = i.relnamespace WHERE n.nspname = :schema""",
    "trigger": """
        SELECT t.tgname || ' on ' || c.relname, pg_get_triggerdef(t.oid) || CASE t.tgenabled
            WHEN 'A' THEN ' (enabled always)' WHEN 'D' THEN ' (disabled)'
            WHEN 'R' THEN ' (enabled on a replica only)' ELSE ' (not enabled on a replica)' END
        FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = :schema AND NOT t.tgisinternal""",
    "function": """
        SELECT p.oid::regprocedure::text, concat_ws(' ',
            -- Its owner may give it another body.
            CASE WHEN p.proowner <> v.relowner THEN 'owned by ' || pg_get_userbyid(p.proowner) END,
            pg_get_functiondef(p.oid))
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        LEFT JOIN pg_class v ON v.relnamespace = n.oid AND v.relname = 'alembic_version'
        WHERE n.nspname = :schema AND p.prokind IN ('f', 'p')""",
    "aggregate": """
        SELECT p.oid::regprocedure::text, p.prokind::text
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname = :schema AND p.prokind NOT IN ('f', 'p')""",
    # Of all databases' objects the one that calls a function of ours: whenever anybody makes a table.
    "event trigger": """
        SELECT e.evtname, e.evtevent::text FROM pg_event_trigger e JOIN pg_proc p ON p.oid = e.evtfoid
        JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = :schema""",
    # What is granted to roles by their names is the site's.
    "privilege": """
        SELECT g.who || ' on ' || c.relname, string_agg(a.privilege_type, ', ' ORDER BY a.privilege_type)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        CROSS JOIN LATERAL aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a
        CROSS JOIN LATERAL (SELECT CASE a.grantee
            WHEN 0 THEN 'of PUBLIC' WHEN c.relowner THEN 'of its owner' END AS who) g
        WHERE n.nspname = :schema AND c.relkind IN ('r', 'p') AND g.who IS NOT NULL
        GROUP BY g.who, c.relname""",
    "rule": """
        SELECT r.rulename || ' on ' || c.relname, pg_get_ruledef(r.oid)
        FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = :schema AND r.rulename <> '_RETURN'""",
    "view": """
        SELECT c.relname, pg_get_viewdef(c.oid)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = :schema AND c.relkind = 'v'""",
    "materialized view": """
        SELECT c.relname, pg_get_viewdef(c.oid)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = :schema AND c.relkind = 'm'""",
    "type": """
        SELECT t.typname, concat_ws(' ', t.typtype::text, CASE WHEN t.typbasetype <> 0
            THEN format_type(t.typbasetype, t.typtypmod) END, CASE WHEN t.typnotnull THEN 'NOT NULL' END,
            (SELECT string_agg(e.enumlabel, ', ' ORDER BY e.enumsortorder)
                FROM pg_enum e WHERE e.enumtypid = t.oid),
            (SELECT string_agg(pg_get_constraintdef(o.oid), ', ' ORDER BY o.conname)
                FROM pg_constraint o WHERE o.contypid = t.oid))
        FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
        LEFT JOIN pg_class c ON c.oid = t.typrelid
        WHERE n.nspname = :schema AND (t.typtype IN ('d', 'e', 'r') OR c.relkind = 'c'
            OR t.typtype = 'b' AND t.typcategory <> 'A')""",
    "sequence": """
        SELECT c.relname, concat_ws(' ', format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement,
            s.seqmin, s.seqmax, CASE WHEN s.seqcycle THEN 'CYCLE' END)
        FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = :schema""",
}
#: All that lives in the schema and is of a kind that no revision of ours has made yet.
_OTHERS = """
    SELECT i.type, i.identity FROM pg_depend d
    JOIN pg_namespace n ON d.refclassid = 'pg_namespace'::regclass AND d.refobjid = n.oid
    CROSS JOIN LATERAL pg_identify_object(d.classid, d.objid, 0) i
    WHERE n.nspname = :schema AND i.type NOT IN ('table', 'view', 'materialized view', 'sequence',
        'function', 'procedure', 'aggregate', 'type', 'composite type', 'default acl')"""


#: What a SQLite column can have that `PRAGMA table_xinfo` does not say.
_EXTRAS = re.compile(
    r"\b(?:COLLATE \w+|AUTOINCREMENT|ON CONFLICT \w+|CHECK\b.*|UNIQUE|REFERENCES\b.*)",
    re.IGNORECASE,
)


def read(connection: Connection, schema: str = SCHEMA) -> Catalog:
    """Read the catalog of a schema; SQLite has only one.

    Args:
        connection: On PostgreSQL its search path must begin with the schema.
        schema: The schema to read, on PostgreSQL.
    """
    if connection.dialect.name == "sqlite":
        return dict(_sqlite(connection))
    return dict(_postgresql(connection, schema))


def _postgresql(connection: Connection, schema: str) -> Iterator[tuple[Key, str]]:
    for kind, query in _POSTGRESQL.items():
        for name, definition in connection.execute(text(query), {"schema": schema}):
            # Some definitions spell the schema out whatever the search path is.
            plain = (definition or "").replace(f"{schema}.", "").replace(f"{SCHEMA}.", "")
            yield (kind, name.replace(f"{schema}.", "")), plain
    for kind, name in connection.execute(text(_OTHERS), {"schema": schema}):
        yield (kind, name.replace(f"{schema}.", "")), ""


def _sqlite(connection: Connection) -> Iterator[tuple[Key, str]]:
    objects = connection.exec_driver_sql(
        "SELECT type, name, tbl_name, sql FROM sqlite_master"
        " WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name"
    ).all()
    for kind, name, table, sql in objects:
        if kind == "table":
            yield from _sqlite_table(connection, name, sql)
        elif kind == "trigger":
            yield ("trigger", f"{name} on {table}"), _plain(sql)
        elif kind == "view":
            yield ("view", name), _plain(sql)
        # The text of an index says all: its columns, their order and collation, its condition.
        elif kind == "index":
            yield ("index", f"{name} on {table}"), _plain(sql)


def _sqlite_table(connection: Connection, table: str, sql: str) -> Iterator[tuple[Key, str]]:
    if "(" not in sql:
        return  # another program's virtual table
    yield ("table", table), _plain(sql[sql.rindex(")") + 1 :])
    items = list(_items(sql))
    extras = {item.partition(" ")[0]: _EXTRAS.findall(item) for item in items}
    quoted = table.replace('"', '""')
    for row in connection.exec_driver_sql(f'PRAGMA table_xinfo("{quoted}")'):
        _, column, kind, not_null, default, key, hidden = row
        words = [kind, "NOT NULL" if not_null else "", f"DEFAULT {default}" if default else ""]
        words += [
            f"KEY {key}" if key else "",
            "GENERATED" if hidden else "",
            *extras.get(column, ()),
        ]
        yield ("column", f"{table}.{column}"), " ".join(filter(None, words))
    for item in items:
        match = re.match(r"CONSTRAINT (\S+) (.*)", item, re.IGNORECASE)
        if match:
            yield ("constraint", f"{match[1]} on {table}"), match[2]
        elif re.match(r"(CHECK|UNIQUE|PRIMARY|FOREIGN)\b", item, re.IGNORECASE):
            yield ("constraint", f"{item} on {table}"), item


def _items(sql: str) -> Iterator[str]:
    """Yield the columns and constraints of a CREATE TABLE: what stands between its commas."""
    body = sql[sql.index("(") + 1 : sql.rindex(")")]
    depth, quote, start = 0, "", 0
    for position, letter in enumerate(body):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"`":
            quote = letter
        elif letter in "()":
            depth += 1 if letter == "(" else -1
        elif letter == "," and depth == 0:
            yield _plain(body[start:position])
            start = position + 1
    yield _plain(body[start:])


def _plain(sql: str) -> str:
    return " ".join(sql.replace('"', "").split())


def differences(found: Mapping[Key, str], wanted: Mapping[Key, str]) -> Iterator[tuple[Key, str]]:
    """Yield what the found catalog lacks, has otherwise, or has beyond the wanted one."""
    for key in sorted({*found, *wanted}):
        if key not in found:
            yield key, "is missing"
        elif key not in wanted:
            yield key, "is not of ours"
        elif found[key] != wanted[key]:
            yield key, f"is  {found[key]}\n    not {wanted[key]}"
