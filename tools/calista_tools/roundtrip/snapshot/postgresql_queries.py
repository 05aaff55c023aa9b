"""The questions that PostgreSQL's catalogs are asked about relations, one for each kind of part.

Every query gives rows of (oid of the relation or object, kind, name, properties as JSON). ``{acl}``
and the like are filled in once; ``$1`` is an array of oids. NOT NULL constraints, which PostgreSQL
18 names, count as a property of their column: the names that it gives them itself go stale when a
column is renamed.
"""

from __future__ import annotations


def acl(column: str, default: str = "") -> str:
    """Privileges as sorted text; the default stays NULL, also where it is written down.

    What was granted and revoked again leaves the owner's own privileges behind in words.
    """
    made = "(SELECT array_agg(a::text ORDER BY a::text) FROM unnest({}) a)"
    if not default:
        return made.format(column)
    usual = made.format(f"acldefault({default})")
    return f"CASE WHEN {column} IS NOT NULL THEN nullif({made.format(column)}, {usual}) END"


_OF_RELATION = """CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner"""


def comment(oid: str, catalog: str, column: str = "0") -> str:
    """The comment on an object of a catalog, or on one of its columns."""
    return (
        f"(SELECT description FROM pg_description WHERE objoid = {oid}"
        f" AND classoid = '{catalog}'::regclass AND objsubid = {column})"
    )


_OPTIONS = "CASE WHEN {0} IS NOT NULL THEN (SELECT array_agg(o ORDER BY o) FROM unnest({0}) o) END"

#: Names of relations as people write them: without the schema where that is public.
RELATION_NAME = (
    "CASE WHEN n.nspname = 'public' THEN c.relname ELSE n.nspname || '.' || c.relname END"
)

RELATIONS = f"""
SELECT c.oid::int8, CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
    WHEN 'S' THEN 'sequence' WHEN 'c' THEN 'type' WHEN 'f' THEN 'foreign table' ELSE 'table' END,
  {RELATION_NAME},
  json_build_object(
    'definition', CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid, true) END,
    'persistence', CASE c.relpersistence WHEN 'u' THEN 'unlogged' WHEN 't' THEN 'temporary' END,
    'partitioned', CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END,
    'bound', pg_get_expr(c.relpartbound, c.oid),
    'inherits', (SELECT json_agg(i.inhparent::regclass::text ORDER BY i.inhseqno)
                 FROM pg_inherits i WHERE i.inhrelid = c.oid),
    'options', {_OPTIONS.format("c.reloptions")},
    'toast options', CASE WHEN c.reltoastrelid <> 0 THEN (
        SELECT {_OPTIONS.format("o.reloptions")} FROM pg_class o WHERE o.oid = c.reltoastrelid) END,
    'of type', CASE WHEN c.reloftype <> 0 THEN format_type(c.reloftype, NULL) END,
    'foreign', CASE WHEN c.relkind = 'f' THEN (
        SELECT json_build_object('server', s.srvname, 'options', f.ftoptions)
        FROM pg_foreign_table f JOIN pg_foreign_server s ON s.oid = f.ftserver WHERE f.ftrelid = c.oid) END,
    'row security', nullif(concat_ws(' ', CASE WHEN c.relrowsecurity THEN 'enabled' END,
                                     CASE WHEN c.relforcerowsecurity THEN 'forced' END), ''),
    'replica identity', CASE WHEN c.relreplident NOT IN ('d', 'n') OR
        (c.relreplident = 'n' AND c.relkind IN ('r', 'p')) THEN c.relreplident::text END,
    'privileges', {acl("c.relacl", _OF_RELATION)},
    'comment', CASE WHEN c.relkind = 'c' THEN {comment("c.reltype", "pg_type")}
                    ELSE {comment("c.oid", "pg_class")} END,
    'type privileges', CASE WHEN c.relkind = 'c' THEN (
        SELECT {acl("t.typacl", "'T', t.typowner")} FROM pg_type t WHERE t.oid = c.reltype) END,
    'owner', nullif(pg_get_userbyid(c.relowner), current_user),
    'tablespace', CASE WHEN c.reltablespace <> 0 THEN
        (SELECT spcname FROM pg_tablespace t WHERE t.oid = c.reltablespace) END,
    'populated', CASE WHEN c.relkind = 'm' THEN c.relispopulated END,
    'sequence', CASE WHEN c.relkind = 'S' THEN (SELECT json_build_object('type', format_type(s.seqtypid, NULL), 'start', s.seqstart,
        'increment', s.seqincrement, 'min', s.seqmin, 'max', s.seqmax, 'cache', s.seqcache,
        'cycle', s.seqcycle, 'owned by', (SELECT d.refobjid::regclass::text || '.' || a.attname
            FROM pg_depend d JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
            WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'a'
              AND d.refclassid = 'pg_class'::regclass))
        FROM pg_sequence s WHERE s.seqrelid = c.oid) END,
    'refers', CASE WHEN c.relkind = 'S' OR c.relispartition OR EXISTS (
        SELECT 1 FROM pg_inherits i WHERE i.inhrelid = c.oid) THEN (
        SELECT json_agg(d.refobjid::int8) FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
          AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass) END,
    'columns', CASE WHEN c.relkind <> 'S' THEN (SELECT json_agg(a.attname ORDER BY a.attnum)
        FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) END
  )::text
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = ANY($1) AND c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S', 'c')
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
                  AND d.objid = c.oid AND (d.deptype = 'e' OR d.deptype = 'i' AND c.relkind = 'S'))
"""

_COMPRESSION = "'compression', nullif(a.attcompression::text, ''),"

COLUMNS = f"""
SELECT a.attrelid::int8, 'column', a.attname,
  json_build_object(
    'type', format_type(a.atttypid, a.atttypmod),
    'nullable', NOT a.attnotnull,
    'default', CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END,
    'generated', CASE WHEN a.attgenerated <> '' THEN pg_get_expr(d.adbin, d.adrelid)
        || CASE a.attgenerated WHEN 's' THEN ' stored' ELSE ' virtual' END END,
    'identity', CASE a.attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by default' END,
    'identity options', CASE WHEN a.attidentity <> '' THEN (
        SELECT json_build_object('start', s.seqstart, 'increment', s.seqincrement, 'min', s.seqmin,
            'max', s.seqmax, 'cache', s.seqcache, 'cycle', s.seqcycle, 'privileges', (
            SELECT {acl("q.relacl", "'s', q.relowner")} FROM pg_class q WHERE q.oid = s.seqrelid))
        FROM pg_depend e JOIN pg_sequence s ON s.seqrelid = e.objid
        WHERE e.refclassid = 'pg_class'::regclass AND e.refobjid = a.attrelid
          AND e.refobjsubid = a.attnum AND e.deptype = 'i' AND e.classid = 'pg_class'::regclass) END,
    'collation', CASE WHEN a.attcollation <> t.typcollation THEN
        (SELECT collname FROM pg_collation o WHERE o.oid = a.attcollation) END,
    'storage', CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage::text END,
    {_COMPRESSION}
    'statistics', CASE WHEN a.attstattarget >= 0 THEN a.attstattarget END,
    'options', {_OPTIONS.format("a.attoptions")},
    'foreign options', {_OPTIONS.format("a.attfdwoptions")},
    'privileges', {acl("a.attacl")},
    'comment', {comment("a.attrelid", "pg_class", "a.attnum")}
  )::text
FROM pg_attribute a
  JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p', 'f', 'v', 'm', 'c')
  JOIN pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = ANY($1) AND a.attnum > 0 AND NOT a.attisdropped
"""

#: A reference to a partitioned table is written down once more for each of its partitions.
CONSTRAINTS = f"""
SELECT k.conrelid::int8, CASE k.contype WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique'
    WHEN 'f' THEN 'foreign key' WHEN 'c' THEN 'check' WHEN 'x' THEN 'exclusion'
    ELSE 'constraint trigger' END, k.conname,
  json_build_object(
    'definition', pg_get_constraintdef(k.oid),
    'inherited', CASE WHEN k.coninhcount > 0 THEN true END,
    'refers', CASE WHEN k.confrelid <> 0 THEN json_build_array(k.confrelid::int8) END,
    'triggers disabled', CASE WHEN k.contype = 'f' THEN (SELECT nullif(bool_or(g.tgenabled <> 'O'),
        false) FROM pg_trigger g WHERE g.tgconstraint = k.oid) END,
    'options', CASE WHEN k.contype IN ('p', 'u', 'x') THEN (
        SELECT {_OPTIONS.format("i.reloptions")} FROM pg_class i WHERE i.oid = k.conindid) END,
    'invalid index', CASE WHEN k.contype IN ('p', 'u', 'x') THEN (
        SELECT nullif(NOT i.indisvalid, false) FROM pg_index i WHERE i.indexrelid = k.conindid) END,
    'clustered', CASE WHEN k.contype IN ('p', 'u', 'x') THEN (
        SELECT nullif(i.indisclustered, false) FROM pg_index i WHERE i.indexrelid = k.conindid) END,
    'replica identity', CASE WHEN k.contype IN ('p', 'u', 'x') THEN (
        SELECT nullif(i.indisreplident, false) FROM pg_index i WHERE i.indexrelid = k.conindid) END,
    'index comment', CASE WHEN k.contype IN ('p', 'u', 'x') THEN {comment("k.conindid", "pg_class")} END,
    'comment', {comment("k.oid", "pg_constraint")}
  )::text
FROM pg_constraint k
WHERE k.conrelid = ANY($1) AND k.contype IN ('p', 'u', 'f', 'c', 'x')
  AND NOT EXISTS (SELECT 1 FROM pg_constraint u WHERE u.oid = k.conparentid AND u.conrelid = k.conrelid)
"""

#: A name of a NOT NULL that somebody chose. PostgreSQL's own say what table and column were called once.
CHOSEN = "k.conname !~ '_not_null[0-9]*$'"

#: Only what says more than the column's "nullable": named, not inherited, or not yet validated.
NOT_NULLS = f"""
SELECT k.conrelid::int8, 'not null', a.attname,
  json_build_object('name', CASE WHEN {CHOSEN} THEN k.conname END,
    'inherit', NOT k.connoinherit, 'validated', k.convalidated)::text
FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
WHERE k.conrelid = ANY($1) AND k.contype = 'n'
  AND (k.connoinherit OR NOT k.convalidated OR {CHOSEN})
"""

INDEXES = f"""
SELECT i.indrelid::int8, CASE WHEN i.indisunique THEN 'unique index' ELSE 'index' END, x.relname,
  json_build_object(
    'definition', substring(pg_get_indexdef(i.indexrelid) FROM ' USING (.*)'),
    'valid', i.indisvalid AND i.indisready,
    'replica identity', CASE WHEN i.indisreplident THEN true END,
    'clustered', CASE WHEN i.indisclustered THEN true END,
    'statistics', (SELECT json_agg(a.attname || ' ' || a.attstattarget ORDER BY a.attnum)
        FROM pg_attribute a WHERE a.attrelid = i.indexrelid AND a.attstattarget >= 0),
    'comment', {comment("i.indexrelid", "pg_class")}
  )::text
FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
WHERE i.indrelid = ANY($1)
  AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid
                  AND k.conrelid = i.indrelid AND k.contype IN ('p', 'u', 'x'))
"""

TRIGGERS = f"""
SELECT g.tgrelid::int8, 'trigger', g.tgname,
  json_build_object(
    'definition', pg_get_triggerdef(g.oid),
    'enabled', CASE g.tgenabled WHEN 'O' THEN 'yes' WHEN 'D' THEN 'no' WHEN 'A' THEN 'always'
        ELSE 'replica' END,
    'comment', {comment("g.oid", "pg_trigger")}
  )::text
FROM pg_trigger g WHERE g.tgrelid = ANY($1) AND NOT g.tgisinternal
UNION ALL
SELECT r.ev_class::int8, 'rule', r.rulename,
  json_build_object('definition', pg_get_ruledef(r.oid), 'enabled', r.ev_enabled::text,
    'comment', {comment("r.oid", "pg_rewrite")})::text
FROM pg_rewrite r WHERE r.ev_class = ANY($1) AND r.rulename <> '_RETURN'
UNION ALL
SELECT p.polrelid::int8, 'policy', p.polname, json_build_object(
    'command', p.polcmd::text, 'permissive', p.polpermissive,
    'roles', (SELECT json_agg(CASE WHEN o = 0 THEN 'public' ELSE pg_get_userbyid(o) END ORDER BY o)
              FROM unnest(p.polroles) o),
    'using', pg_get_expr(p.polqual, p.polrelid),
    'check', pg_get_expr(p.polwithcheck, p.polrelid),
    'comment', {comment("p.oid", "pg_policy")})::text
FROM pg_policy p WHERE p.polrelid = ANY($1)
UNION ALL
SELECT s.stxrelid::int8, 'statistics', s.stxname,
  json_build_object('definition', pg_get_statisticsobjdef(s.oid),
    'target', CASE WHEN s.stxstattarget >= 0 THEN s.stxstattarget END,
    'owner', nullif(pg_get_userbyid(s.stxowner), current_user),
    'comment', {comment("s.oid", "pg_statistic_ext")})::text
FROM pg_statistic_ext s WHERE s.stxrelid = ANY($1)
"""

#: No kind of object, but where a relation's rows are read: the oid of the partitioned table that it
#: belongs to or its own, that one's schema if it is a user's table, its name, whether it is
#: partitioned, and whether there can be no row.
WHEREABOUTS = """
SELECT o.oid::int8, '', '', json_build_array(r.oid::int8,
    CASE WHEN r.relkind IN ('r', 'p') AND r.relpersistence <> 't' AND n.nspname !~ '^pg_'
      THEN n.nspname END,
    r.relname, r.relkind = 'p', r.relkind = 'r' AND pg_relation_size(r.oid) = 0)::text
FROM pg_class o
JOIN pg_class r ON r.oid = CASE WHEN o.relispartition THEN pg_partition_root(o.oid) ELSE o.oid END
JOIN pg_namespace n ON n.oid = r.relnamespace
WHERE o.oid = ANY($1)
"""


def everything_of(version: int) -> str:
    """Return the query for relations with all their parts, for one ``server_version_num``."""
    # Relations come first, so that their parts find them.
    columns = COLUMNS if version >= 140000 else COLUMNS.replace(_COMPRESSION, "")
    parts = [RELATIONS, columns, CONSTRAINTS, INDEXES, TRIGGERS, WHEREABOUTS]
    # Constraints of their own since 18; a part that finds nothing takes its time as well.
    return " UNION ALL ".join([*parts, NOT_NULLS] if version >= 180000 else parts)


#: Every relation that a user made, version tables and members of extensions left out.
ALL_RELATIONS = f"""
SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S', 'c')
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
                  AND d.objid = c.oid AND (d.deptype = 'e' OR d.deptype = 'i' AND c.relkind = 'S'))
  AND {RELATION_NAME} <> ALL($1)
"""

#: Asked just before a transaction commits; an index stands for its table.
LOCKS = """
SELECT coalesce(i.indrelid, l.relation)::int8, l.mode
FROM pg_locks l LEFT JOIN pg_index i ON i.indexrelid = l.relation
WHERE l.pid = {pid} AND l.locktype = 'relation' AND l.relation >= 16384
"""
