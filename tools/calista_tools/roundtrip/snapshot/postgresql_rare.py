"""What few migrations touch in PostgreSQL: rare kinds of objects, and what is said of every kind.

Read as the objects of `postgresql_objects` are; rows without a kind tell more of an object that
another query names.
"""

from __future__ import annotations

from calista_tools.roundtrip.snapshot.postgresql_queries import acl

_NAMED = "CASE WHEN n.nspname = 'public' THEN '' ELSE n.nspname || '.' END || "

RARE = f"""
UNION ALL
SELECT l.oid, 'language', l.lanname, json_build_object('trusted', l.lanpltrusted,
    'handler', nullif(l.lanplcallfoid, 0)::regprocedure::text,
    'inline', nullif(l.laninline, 0)::regprocedure::text,
    'validator', nullif(l.lanvalidator, 0)::regprocedure::text)::text
FROM pg_language l WHERE l.oid = ANY($1)
UNION ALL
SELECT m.oid, 'access method', m.amname,
  json_build_object('type', m.amtype::text, 'handler', m.amhandler::text)::text
FROM pg_am m WHERE m.oid = ANY($1)
UNION ALL
SELECT c.oid, 'conversion', {_NAMED} c.conname, json_build_object(
    'from', pg_encoding_to_char(c.conforencoding), 'to', pg_encoding_to_char(c.contoencoding),
    'function', c.conproc::text, 'default', c.condefault)::text
FROM pg_conversion c JOIN pg_namespace n ON n.oid = c.connamespace WHERE c.oid = ANY($1)
UNION ALL
SELECT p.oid, 'text search parser', {_NAMED} p.prsname, json_build_object('start', p.prsstart::text,
    'token', p.prstoken::text, 'end', p.prsend::text, 'types', p.prslextype::text)::text
FROM pg_ts_parser p JOIN pg_namespace n ON n.oid = p.prsnamespace WHERE p.oid = ANY($1)
UNION ALL
SELECT t.oid, 'text search template', {_NAMED} t.tmplname,
  json_build_object('init', t.tmplinit::text, 'lexize', t.tmpllexize::text)::text
FROM pg_ts_template t JOIN pg_namespace n ON n.oid = t.tmplnamespace WHERE t.oid = ANY($1)
UNION ALL
SELECT t.oid, 'transform', format_type(t.trftype, NULL) || ' for ' || l.lanname,
  json_build_object('from', t.trffromsql::text, 'to', t.trftosql::text)::text
FROM pg_transform t JOIN pg_language l ON l.oid = t.trflang WHERE t.oid = ANY($1)
UNION ALL
SELECT t.oid, 'base type', {_NAMED} t.typname, json_build_object('defined', t.typisdefined,
    'length', t.typlen, 'by value', t.typbyval, 'alignment', t.typalign::text,
    'input', t.typinput::text, 'output', t.typoutput::text, 'receive', t.typreceive::text,
    'send', t.typsend::text, 'default', t.typdefault)::text
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE t.oid = ANY($1) AND t.typtype IN ('b', 'p')
"""

#: By catalog: its column of owners, and of privileges with their kind, as far as no query for one
#: kind of object reads them.
_OWNED = {
    "pg_collation": ("collowner", "", ""),
    "pg_conversion": ("conowner", "", ""),
    "pg_event_trigger": ("evtowner", "", ""),
    "pg_extension": ("extowner", "", ""),
    "pg_foreign_data_wrapper": ("fdwowner", "fdwacl", "F"),
    "pg_foreign_server": ("srvowner", "", ""),
    "pg_language": ("lanowner", "lanacl", "l"),
    "pg_opclass": ("opcowner", "", ""),
    "pg_operator": ("oprowner", "", ""),
    "pg_opfamily": ("opfowner", "", ""),
    "pg_publication": ("pubowner", "", ""),
    "pg_ts_config": ("cfgowner", "", ""),
    "pg_ts_dict": ("dictowner", "", ""),
}


def _owned(catalog: str, owner: str, held: str, kind: str) -> str:
    privileges = acl(f"w.{held}", f"'{kind}', w.{owner}") if held else "NULL::text[]"
    return f"SELECT '', w.oid, w.{owner}, {privileges} FROM {catalog} w WHERE w.oid = ANY($1)"


_OWNERS = " UNION ALL ".join(_owned(catalog, *columns) for catalog, columns in _OWNED.items())

#: What each kind has: an owner, privileges, a comment. And details that nobody else asks about.
SAID = f"""
SELECT w.oid, w.kind, '', json_build_object('owner', nullif(pg_get_userbyid(w.owner), current_user),
    'privileges', w.privileges)::text
FROM ({_OWNERS}) AS w(kind, oid, owner, privileges)
UNION ALL
SELECT d.objoid, '', '', json_build_object('comment', d.description)::text
FROM pg_description d WHERE d.objoid = ANY($1) AND d.objsubid = 0 AND d.objoid >= 16384
  AND d.classoid <> ALL('{{pg_class,pg_constraint,pg_trigger,pg_rewrite,pg_policy}}'::regclass[])
UNION ALL
SELECT k.contypid, '', '', json_build_object('comments',
    json_agg(k.conname || ' ' || d.description ORDER BY k.conname))::text
FROM pg_constraint k JOIN pg_description d ON d.objoid = k.oid
  AND d.classoid = 'pg_constraint'::regclass WHERE k.contypid = ANY($1) GROUP BY k.contypid
UNION ALL
SELECT o.oid, '', '', json_build_object('commutator', nullif(o.oprcom, 0)::regoperator::text,
    'negator', nullif(o.oprnegate, 0)::regoperator::text,
    'restrict', nullif(o.oprrest::text, '-'), 'join', nullif(o.oprjoin::text, '-'),
    'merges', nullif(o.oprcanmerge, false), 'hashes', nullif(o.oprcanhash, false))::text
FROM pg_operator o WHERE o.oid = ANY($1)
UNION ALL
SELECT f.oid, '', '', json_build_object('operators', (SELECT json_agg(a.amopstrategy || ' ' ||
    a.amopopr::regoperator::text
    ORDER BY a.amopstrategy, a.amopopr::regoperator::text) FROM pg_amop a WHERE a.amopfamily = f.oid),
  'functions', (SELECT json_agg(p.amprocnum || ' ' || p.amproc::regprocedure::text
    ORDER BY p.amprocnum, p.amproc::regprocedure::text)
    FROM pg_amproc p WHERE p.amprocfamily = f.oid))::text
FROM pg_opfamily f WHERE f.oid = ANY($1)
UNION ALL
SELECT t.oid, '', '', json_build_object('collation', CASE WHEN t.typcollation <> b.typcollation THEN
    (SELECT collname FROM pg_collation o WHERE o.oid = t.typcollation) END)::text
FROM pg_type t JOIN pg_type b ON b.oid = t.typbasetype WHERE t.oid = ANY($1)
UNION ALL
SELECT r.rngtypid, '', '', json_build_object('difference', nullif(r.rngsubdiff::text, '-'),
    'canonical', nullif(r.rngcanonical::text, '-'),
    'multirange', format_type((to_jsonb(r) ->> 'rngmultitypid')::oid, NULL),
    'collation', (SELECT collname FROM pg_collation o WHERE o.oid = nullif(r.rngcollation, 0)
                  AND collname <> 'default'),
    'operator class', (SELECT opcname FROM pg_opclass o WHERE o.oid = r.rngsubopc
                       AND NOT o.opcdefault))::text
FROM pg_range r WHERE r.rngtypid = ANY($1)
"""


def _rows(catalog: str, oid: str = "oid", of: str = "", where: str = "") -> str:
    return (
        f"\n  UNION ALL SELECT '{catalog}', '{of or catalog}'::regclass::oid, {oid},"
        f" hashint8({catalog}.oid::int8 * 100000 + {catalog}.xmin::text::int8) FROM {catalog}"
        f" WHERE {oid} >= 16384{where}"
    )


#: Rows that tell that one of these is another.
RARE_OBJECTS = (
    "".join(
        _rows(catalog)
        for catalog in (
            "pg_language", "pg_am", "pg_conversion", "pg_ts_parser", "pg_ts_template",
            "pg_transform",
        )
    )
    + _rows("pg_type", where=" AND typtype IN ('b', 'p') AND typcategory <> 'A'")
    + _rows("pg_amop", "amopfamily", "pg_opfamily")
    + _rows("pg_amproc", "amprocfamily", "pg_opfamily")
    + """
  UNION ALL SELECT 'pg_description', 'pg_type'::regclass::oid, k.contypid, d.xmin::text::int8
    FROM pg_constraint k JOIN pg_description d ON d.objoid = k.oid
      AND d.classoid = 'pg_constraint'::regclass WHERE k.contypid >= 16384"""
)  # fmt: skip
