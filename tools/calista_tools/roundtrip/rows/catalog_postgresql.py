"""What must a row satisfy in PostgreSQL? Read from its catalogs, for the tables asked about."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from calista_tools.roundtrip.rows.access import literal, quote
from calista_tools.roundtrip.rows.table_model import Column, ForeignKey, Table, TableName

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from calista_tools.roundtrip.rows.access import Access, Query

_TABLES = """
SELECT c.oid::bigint, n.nspname, c.relname, c.relkind = 'p'
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
  AND c.oid >= 16384 AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
                  AND d.objid = c.oid AND d.deptype = 'e')
"""
_COLUMNS = """
SELECT a.attrelid::bigint, a.attnum, a.attname, t.oid::bigint, t.typname, t.typtype = 'b'
         AND t.typcategory <> 'A', a.atttypmod, format_type(a.atttypid, a.atttypmod),
       a.attnotnull, a.atthasdef, a.attidentity,
       CASE WHEN a.attgenerated <> '' THEN (SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef
            WHERE adrelid = a.attrelid AND adnum = a.attnum) END
FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
WHERE a.attrelid = ANY($1) AND a.attnum > 0 AND NOT a.attisdropped
"""
_CONSTRAINTS = """
SELECT c.conrelid::bigint, c.contype, array_to_string(c.conkey, ' '), n.nspname, r.relname,
       (SELECT string_agg(a.attname, chr(1) ORDER BY k.at)
        FROM unnest(c.confkey) WITH ORDINALITY k(num, at)
        JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.num),
       pg_get_expr(c.conbin, c.conrelid)
FROM pg_constraint c
LEFT JOIN pg_class r ON r.oid = c.confrelid LEFT JOIN pg_namespace n ON n.oid = r.relnamespace
WHERE c.conrelid = ANY($1) AND c.contype IN ('c', 'f', 'p', 'u') AND c.conparentid = 0
UNION ALL
SELECT i.indrelid::bigint, 'i', i.indkey::text, NULL, NULL, NULL, NULL
FROM pg_index i WHERE i.indrelid = ANY($1) AND i.indisunique AND NOT i.indisprimary
UNION ALL
SELECT h.inhparent::bigint, 'b', '', NULL, NULL, NULL, pg_get_partition_constraintdef(h.inhrelid)
FROM pg_inherits h JOIN pg_class c ON c.oid = h.inhparent
WHERE h.inhparent = ANY($1) AND c.relkind = 'p'
"""
#: Domains, arrays, enums and composites, down to the types that they are made of.
_TYPES = """
WITH RECURSIVE used(oid) AS (
    SELECT t.oid FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
    WHERE a.attrelid = ANY($1) AND a.attnum > 0 AND (t.typtype <> 'b' OR t.typcategory = 'A')
    UNION
    SELECT CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.typelem END
    FROM used JOIN pg_type t USING (oid)
    WHERE t.typtype = 'd' OR (t.typcategory = 'A' AND t.typelem <> 0)
)
SELECT t.oid::bigint, t.typname, t.typtype, t.typcategory, t.typtypmod, t.typnotnull,
       CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.typelem END::bigint,
       (SELECT string_agg(enumlabel, chr(1) ORDER BY enumsortorder) FROM pg_enum
        WHERE enumtypid = t.oid),
       (SELECT count(*) FROM pg_attribute WHERE attrelid = t.typrelid AND NOT attisdropped
        AND t.typtype = 'c'),
       (SELECT string_agg(pg_get_constraintdef(oid), chr(1)) FROM pg_constraint
        WHERE contypid = t.oid AND contype = 'c'),
       format_type(t.typbasetype, t.typtypmod)
FROM used JOIN pg_type t USING (oid)
"""
_VALUE = re.compile(r"\bVALUE\b")
_VARLENA_HEADER = 4


#: All in one statement, which is planned once: each row is a part's name and its values as JSON.
_SHAPES = " UNION ALL ".join(
    f"SELECT '{part}', row_to_json(q.*)::text FROM ({sql}) q"
    for part, sql in {
        "table": f"{_TABLES} AND c.oid = ANY($1)",
        "column": _COLUMNS,
        "constraint": _CONSTRAINTS,
        "type": _TYPES,
    }.items()
)


def prepare(access: Access) -> None:
    """Get a connection ready for `read_tables`."""
    if not access.query("SELECT 1 FROM pg_prepared_statements WHERE name = 'calista_shapes'"):
        access.query(f"PREPARE calista_shapes(oid[]) AS {_SHAPES}")


def list_tables(access: Query) -> tuple[dict[int, TableName], set[TableName]]:
    """Return all user tables by object id, and those among them that are partitioned."""
    found = access.query(_TABLES)
    names = {oid: TableName(schema, name) for oid, schema, name, _ in found}
    return names, {TableName(schema, name) for _, schema, name, parts in found if parts}


def read_tables(access: Access, wanted: Iterable[TableName]) -> list[Table]:
    """Return the wanted tables as far as they exist."""
    names = (f"{quote(item.schema)}.{quote(item.name)}" for item in wanted)
    oids = ", ".join(f"to_regclass({literal(name)})::oid" for name in names)
    parts: dict[str, list[list[Any]]] = {}
    for part, text in access.query(f"EXECUTE calista_shapes(ARRAY[{oids}])"):
        parts.setdefault(part, []).append(json.loads(text, object_pairs_hook=_values))
    types = {row[0]: row[1:] for row in parts.get("type", ())}
    columns = sorted(parts.get("column", ()), key=lambda row: (row[0], row[1]))
    return [
        _table(
            TableName(schema, name),
            [row[1:] for row in columns if row[0] == oid],
            [row[1:] for row in parts.get("constraint", ()) if row[0] == oid],
            types,
            partitioned,
        )
        for oid, schema, name, partitioned in parts.get("table", ())
    ]


def _values(pairs: list[tuple[str, Any]]) -> list[Any]:
    # Several columns of a query may have the same name, or none.
    return [value for _, value in pairs]


def _table(
    name: TableName,
    columns: Sequence[Sequence[Any]],
    constraints: Sequence[Sequence[Any]],
    types: Mapping[int, Sequence[Any]],
    partitioned: bool,
) -> Table:
    numbered = {number: str(column) for number, column, *_ in columns}

    def named(numbers: str) -> tuple[str, ...]:
        return tuple(numbered[int(number)] for number in numbers.split() if int(number) > 0)

    primary: tuple[str, ...] = ()
    keys, checks, bounds, foreign = [], [], [], []
    for kind, numbers, schema, table, referred, expression in constraints:
        if kind == "p":
            primary = named(numbers)
        elif kind in ("u", "i"):
            keys.append(named(numbers))
        elif kind == "c":
            checks.append(expression)
        elif kind == "b":
            bounds.append(expression or "true")
        elif kind == "f":
            columns_ = tuple(referred.split("\x01"))
            foreign.append(
                ForeignKey(
                    columns=named(numbers), table=TableName(schema, table), referred=columns_
                )
            )
    if bounds:
        checks.append(" OR ".join(f"({bound})" for bound in bounds))
    return Table(
        name=name,
        columns=tuple(_column(name, row, types) for row in columns),
        primary_key=primary,
        keys=tuple(dict.fromkeys(keys)),
        checks=tuple(dict.fromkeys(checks)),
        generated=tuple(str(row[-1]) for row in columns if row[-1]),
        foreign_keys=tuple(foreign),
        partitioned=partitioned,
    )


def _column(table: TableName, row: Sequence[Any], types: Mapping[int, Sequence[Any]]) -> Column:
    _, name, oid, type_name, _, modifier, sql_type, required, default, identity, generated = row
    checks: list[str] = []
    array, labels, fields = False, (), 0
    while oid in types:
        type_name, typtype, category, typmod, notnull, base, enum, count, domain, basic = types[oid]
        required = required or (notnull and not array)
        if typtype == "d" and not array:
            # A cast to the domain itself would refuse what is only asked about.
            sql_type = basic
        if domain and not array:
            checks += [
                _VALUE.sub(lambda _: quote(name), text.removesuffix(" NOT VALID")[len("CHECK ") :])
                for text in domain.split("\x01")
            ]
        if typtype == "d":
            modifier = typmod if modifier == -1 else modifier
        elif category == "A" and base:
            array = True
        else:
            if typtype == "e":
                type_name, labels = "enum", tuple((enum or "").split("\x01"))
            elif typtype == "c":
                type_name, fields = "composite", count
            break
        oid = base
        if oid not in types:
            break
    length, precision, scale = _modifier(type_name, modifier)
    return Column(
        name=name,
        type=type_name,
        sql_type=sql_type,
        length=length,
        precision=precision,
        scale=scale,
        labels=labels,
        fields=fields,
        array=array,
        checks=tuple(checks),
        nullable=not required,
        default=bool(default or identity) and not generated,
        computed=bool(generated),
        always=identity == "a",
        salt=table.salt(name),
    )


def _modifier(type_name: str, modifier: int) -> tuple[int | None, int | None, int]:
    """Take a type modifier apart: length, precision, scale."""
    if modifier < 0:
        return (1, None, 0) if type_name in ("bpchar", "bit") else (None, None, 0)
    if type_name in ("varchar", "bpchar"):
        return modifier - _VARLENA_HEADER, None, 0
    if type_name == "numeric":
        # Since 15 the scale is signed, in eleven bits (src/backend/utils/adt/numeric.c).
        bits = modifier - _VARLENA_HEADER
        return None, bits >> 16, ((bits & 0x7FF) ^ 1024) - 1024
    return modifier, None, 0
