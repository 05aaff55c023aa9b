"""The questions that PostgreSQL's catalogs are asked, one for each kind of object.

Every query gives rows of (oid of the relation or object, kind, name, properties as JSON). ``{acl}``
and the like are filled in once; ``$1`` is an array of oids. NOT NULL constraints, which PostgreSQL
18 names, count as a property of their column: their names go stale when a column is renamed.
"""

from __future__ import annotations


def _acl(column: str, default: str = "") -> str:
    """Privileges as sorted text; the default stays NULL, also where it is written down.

    What was granted and revoked again leaves the owner's own privileges behind in words.
    """
    made = "(SELECT array_agg(a::text ORDER BY a::text) FROM unnest({}) a)"
    if not default:
        return made.format(column)
    usual = made.format(f"acldefault({default})")
    return f"CASE WHEN {column} IS NOT NULL THEN nullif({made.format(column)}, {usual}) END"


_OF_RELATION = """CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner"""


def _comment(oid: str, catalog: str, column: str = "0") -> str:
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
    'privileges', {_acl("c.relacl", _OF_RELATION)},
    'comment', {_comment("c.oid", "pg_class")},
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
            'max', s.seqmax, 'cache', s.seqcache, 'cycle', s.seqcycle)
        FROM pg_depend e JOIN pg_sequence s ON s.seqrelid = e.objid
        WHERE e.refclassid = 'pg_class'::regclass AND e.refobjid = a.attrelid
          AND e.refobjsubid = a.attnum AND e.deptype = 'i' AND e.classid = 'pg_class'::regclass) END,
    'collation', CASE WHEN a.attcollation <> t.typcollation THEN
        (SELECT collname FROM pg_collation o WHERE o.oid = a.attcollation) END,
    'storage', CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage::text END,
    'compression', nullif(a.attcompression::text, ''),
    'statistics', CASE WHEN a.attstattarget >= 0 THEN a.attstattarget END,
    'options', {_OPTIONS.format("a.attoptions")},
    'privileges', {_acl("a.attacl")},
    'comment', {_comment("a.attrelid", "pg_class", "a.attnum")}
  )::text
FROM pg_attribute a
  JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p', 'f', 'v', 'm', 'c')
  JOIN pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = ANY($1) AND a.attnum > 0 AND NOT a.attisdropped
"""

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
    'comment', {_comment("k.oid", "pg_constraint")}
  )::text
FROM pg_constraint k
WHERE k.conrelid = ANY($1) AND k.contype IN ('p', 'u', 'f', 'c', 'x')
"""

#: Only what says more than the column's "nullable": not inherited, or not yet validated.
NOT_NULLS = """
SELECT k.conrelid::int8, 'not null', a.attname,
  json_build_object('inherit', NOT k.connoinherit, 'validated', k.convalidated)::text
FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
WHERE k.conrelid = ANY($1) AND k.contype = 'n' AND (k.connoinherit OR NOT k.convalidated)
"""

INDEXES = f"""
SELECT i.indrelid::int8, CASE WHEN i.indisunique THEN 'unique index' ELSE 'index' END, x.relname,
  json_build_object(
    'definition', substring(pg_get_indexdef(i.indexrelid) FROM ' USING (.*)'),
    'valid', i.indisvalid AND i.indisready,
    'replica identity', CASE WHEN i.indisreplident THEN true END,
    'clustered', CASE WHEN i.indisclustered THEN true END,
    'comment', {_comment("i.indexrelid", "pg_class")}
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
    'comment', {_comment("g.oid", "pg_trigger")}
  )::text
FROM pg_trigger g WHERE g.tgrelid = ANY($1) AND NOT g.tgisinternal
UNION ALL
SELECT r.ev_class::int8, 'rule', r.rulename,
  json_build_object('definition', pg_get_ruledef(r.oid), 'enabled', r.ev_enabled::text,
    'comment', {_comment("r.oid", "pg_rewrite")})::text
FROM pg_rewrite r WHERE r.ev_class = ANY($1) AND r.rulename <> '_RETURN'
UNION ALL
SELECT p.polrelid::int8, 'policy', p.polname, json_build_object(
    'command', p.polcmd::text, 'permissive', p.polpermissive,
    'roles', (SELECT json_agg(CASE WHEN o = 0 THEN 'public' ELSE pg_get_userbyid(o) END ORDER BY o)
              FROM unnest(p.polroles) o),
    'using', pg_get_expr(p.polqual, p.polrelid),
    'check', pg_get_expr(p.polwithcheck, p.polrelid),
    'comment', {_comment("p.oid", "pg_policy")})::text
FROM pg_policy p WHERE p.polrelid = ANY($1)
UNION ALL
SELECT s.stxrelid::int8, 'statistics', s.stxname,
  json_build_object('definition', pg_get_statisticsobjdef(s.oid),
    'target', CASE WHEN s.stxstattarget >= 0 THEN s.stxstattarget END,
    'comment', {_comment("s.oid", "pg_statistic_ext")})::text
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
    parts = [RELATIONS, COLUMNS, CONSTRAINTS, INDEXES, TRIGGERS, WHEREABOUTS]
    # Constraints of their own since 18; a part that finds nothing takes its time as well.
    return " UNION ALL ".join([*parts, NOT_NULLS] if version >= 180000 else parts)


_NAMED = "CASE WHEN n.nspname = 'public' THEN '' ELSE n.nspname || '.' END || "

FUNCTIONS = f"""
SELECT p.oid, CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END,
  {_NAMED} p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')',
  json_build_object(
    'definition', CASE WHEN p.prokind <> 'a' THEN pg_get_functiondef(p.oid)
                       ELSE (SELECT to_json(a)::text FROM pg_aggregate a WHERE a.aggfnoid = p.oid) END,
    'privileges', {_acl("p.proacl", "'f', p.proowner")},
    'owner', nullif(pg_get_userbyid(p.proowner), current_user),
    'comment', {_comment("p.oid", "pg_proc")}
  )::text
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE p.oid = ANY($1) AND n.nspname !~ '^pg_temp_'
"""

TYPES = f"""
SELECT t.oid, CASE t.typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' ELSE 'range' END,
  {_NAMED} t.typname,
  json_build_object(
    'labels', (SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e
               WHERE e.enumtypid = t.oid),
    'type', CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END,
    'nullable', CASE WHEN t.typtype = 'd' THEN NOT t.typnotnull END,
    'default', t.typdefault,
    'constraints', (SELECT json_agg(k.conname || ' ' || pg_get_constraintdef(k.oid) ORDER BY k.conname)
                    FROM pg_constraint k WHERE k.contypid = t.oid AND k.contype <> 'n'),
    'range', (SELECT format_type(r.rngsubtype, NULL) FROM pg_range r WHERE r.rngtypid = t.oid),
    'privileges', {_acl("t.typacl", "'T', t.typowner")},
    'owner', nullif(pg_get_userbyid(t.typowner), current_user),
    'comment', {_comment("t.oid", "pg_type")}
  )::text
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE t.oid = ANY($1) AND t.typtype IN ('e', 'd', 'r') AND n.nspname !~ '^pg_temp_'
"""

#: A table of a publication, with its columns and its rows since PostgreSQL 15.
PUBLISHED_BEFORE_15 = "r.prrelid::regclass::text"
PUBLISHED = (
    "concat_ws(' ', r.prrelid::regclass::text, (SELECT '(' || string_agg(a.attname, ', '"
    " ORDER BY a.attnum) || ')' FROM pg_attribute a WHERE a.attrelid = r.prrelid"
    " AND a.attnum = ANY(r.prattrs)), 'WHERE ' || pg_get_expr(r.prqual, r.prrelid))"
)

OTHERS = f"""
SELECT n.oid, 'schema', n.nspname, json_build_object(
    'privileges', {_acl("n.nspacl", "'n', n.nspowner")}, 'comment', {_comment("n.oid", "pg_namespace")},
    'owner', CASE WHEN n.nspname <> 'public' THEN nullif(pg_get_userbyid(n.nspowner), current_user) END
  )::text FROM pg_namespace n WHERE n.oid = ANY($1)
UNION ALL
SELECT e.oid, 'extension', e.extname, json_build_object('version', e.extversion,
    'schema', e.extnamespace::regnamespace::text, 'comment', {_comment("e.oid", "pg_extension")})::text FROM pg_extension e WHERE e.oid = ANY($1)
UNION ALL
SELECT o.oid, 'collation', {_NAMED} o.collname, json_build_object(
    'provider', o.collprovider::text, 'deterministic', o.collisdeterministic,
    'collate', o.collcollate, 'ctype', o.collctype)::text
FROM pg_collation o JOIN pg_namespace n ON n.oid = o.collnamespace WHERE o.oid = ANY($1)
UNION ALL
SELECT v.oid, 'event trigger', v.evtname, json_build_object('event', v.evtevent,
    'function', v.evtfoid::regprocedure::text, 'enabled', v.evtenabled::text, 'tags', v.evttags)::text
FROM pg_event_trigger v WHERE v.oid = ANY($1)
UNION ALL
SELECT a.oid, 'default privileges', concat_ws(' ', pg_get_userbyid(a.defaclrole),
    CASE WHEN a.defaclnamespace <> 0 THEN a.defaclnamespace::regnamespace::text END, a.defaclobjtype),
  json_build_object('privileges', {_acl("a.defaclacl")})::text
FROM pg_default_acl a WHERE a.oid = ANY($1)
UNION ALL
SELECT u.oid, 'publication', u.pubname, json_build_object('all', u.puballtables,
    'publishes', to_jsonb(u) - '{{oid,pubname,pubowner,puballtables}}'::text[],
    'tables', (SELECT json_agg({PUBLISHED} ORDER BY 1) FROM pg_publication_rel r
               WHERE r.prpubid = u.oid), 'comment', {_comment("u.oid", "pg_publication")})::text
FROM pg_publication u WHERE u.oid = ANY($1)
UNION ALL
SELECT f.oid, 'server', f.srvname, json_build_object('options', f.srvoptions, 'type', f.srvtype,
    'version', f.srvversion, 'privileges', {_acl("f.srvacl", "'S', f.srvowner")})::text
FROM pg_foreign_server f WHERE f.oid = ANY($1)
UNION ALL
SELECT w.oid, 'foreign data wrapper', w.fdwname,
  json_strip_nulls(json_build_object('options', w.fdwoptions))::text
FROM pg_foreign_data_wrapper w WHERE w.oid = ANY($1)
UNION ALL
SELECT c.oid, 'text search configuration', {_NAMED} c.cfgname,
  json_build_object('parser', (SELECT prsname FROM pg_ts_parser r WHERE r.oid = c.cfgparser),
    'dictionaries', (SELECT json_agg(m.maptokentype || ' ' || m.mapdict::regdictionary::text
                                     ORDER BY m.maptokentype, m.mapseqno)
                     FROM pg_ts_config_map m WHERE m.mapcfg = c.oid))::text
FROM pg_ts_config c JOIN pg_namespace n ON n.oid = c.cfgnamespace WHERE c.oid = ANY($1)
UNION ALL
SELECT d.oid, 'text search dictionary', {_NAMED} d.dictname, json_strip_nulls(json_build_object(
    'template', (SELECT tmplname FROM pg_ts_template t WHERE t.oid = d.dicttemplate),
    'options', d.dictinitoption))::text
FROM pg_ts_dict d JOIN pg_namespace n ON n.oid = d.dictnamespace WHERE d.oid = ANY($1)
UNION ALL
SELECT c.oid, 'cast', format_type(c.castsource, NULL) || ' as ' || format_type(c.casttarget, NULL),
  json_build_object('function', c.castfunc::regprocedure::text, 'context', c.castcontext::text)::text
FROM pg_cast c WHERE c.oid = ANY($1)
UNION ALL
SELECT o.oid, 'operator', o.oid::regoperator::text,
  json_build_object('function', o.oprcode::text)::text
FROM pg_operator o WHERE o.oid = ANY($1)
UNION ALL
SELECT o.oid, 'operator class', {_NAMED} o.opcname || ' for ' || m.amname,
  json_build_object('type', format_type(o.opcintype, NULL), 'default', o.opcdefault)::text
FROM pg_opclass o JOIN pg_namespace n ON n.oid = o.opcnamespace JOIN pg_am m ON m.oid = o.opcmethod
WHERE o.oid = ANY($1)
UNION ALL
SELECT o.oid, 'operator family', {_NAMED} o.opfname || ' for ' || m.amname, '{{}}'
FROM pg_opfamily o JOIN pg_namespace n ON n.oid = o.opfnamespace JOIN pg_am m ON m.oid = o.opfmethod
WHERE o.oid = ANY($1)
UNION ALL
SELECT m.umid, 'user mapping', m.usename || ' on ' || m.srvname,
  json_build_object('options', m.umoptions)::text
FROM pg_user_mappings m WHERE m.umid = ANY($1)
"""

#: Objects that belong to no relation: (catalog, oid, version of the row). Members of extensions
#: are the extension's business, and what comes with a range type is the type's; the public schema is older than any user's object but may change.
OBJECTS = """
SELECT o.catalog, o.oid, o.version FROM (
  SELECT 'pg_namespace', 'pg_namespace'::regclass::oid, oid, xmin::text::int8 FROM pg_namespace
    WHERE (oid >= 16384 OR nspname = 'public') AND nspname !~ '^pg_(temp|toast)'
  UNION ALL SELECT 'pg_proc', 'pg_proc'::regclass::oid, oid, xmin::text::int8 FROM pg_proc WHERE oid >= 16384
  UNION ALL SELECT 'pg_type', 'pg_type'::regclass::oid, oid, xmin::text::int8 FROM pg_type
    WHERE oid >= 16384 AND typtype IN ('e', 'd', 'r')
  UNION ALL SELECT 'pg_enum', 'pg_type'::regclass::oid, enumtypid, hashint8(oid::int8 * 100000 + xmin::text::int8)
    FROM pg_enum
  UNION ALL SELECT 'pg_constraint', 'pg_type'::regclass::oid, contypid, hashint8(oid::int8 * 100000 + xmin::text::int8)
    FROM pg_constraint WHERE contypid >= 16384
  UNION ALL SELECT 'pg_extension', 'pg_extension'::regclass::oid, oid, xmin::text::int8 FROM pg_extension WHERE oid >= 16384
  UNION ALL SELECT 'pg_collation', 'pg_collation'::regclass::oid, oid, xmin::text::int8 FROM pg_collation WHERE oid >= 16384
  UNION ALL SELECT 'pg_event_trigger', 'pg_event_trigger'::regclass::oid, oid, xmin::text::int8 FROM pg_event_trigger
  UNION ALL SELECT 'pg_default_acl', 'pg_default_acl'::regclass::oid, oid, xmin::text::int8 FROM pg_default_acl
  UNION ALL SELECT 'pg_publication', 'pg_publication'::regclass::oid, oid, xmin::text::int8 FROM pg_publication
  UNION ALL SELECT 'pg_publication_rel', 'pg_publication_rel'::regclass::oid, prpubid, xmin::text::int8 FROM pg_publication_rel
  UNION ALL SELECT 'pg_foreign_server', 'pg_foreign_server'::regclass::oid, oid, xmin::text::int8 FROM pg_foreign_server
  UNION ALL SELECT 'pg_cast', 'pg_cast'::regclass::oid, oid, xmin::text::int8 FROM pg_cast WHERE oid >= 16384
  UNION ALL SELECT 'pg_operator', 'pg_operator'::regclass::oid, oid, xmin::text::int8 FROM pg_operator WHERE oid >= 16384
  UNION ALL SELECT 'pg_ts_config', 'pg_ts_config'::regclass::oid, oid, xmin::text::int8 FROM pg_ts_config
    WHERE oid >= 16384
  UNION ALL SELECT 'pg_ts_config', 'pg_ts_config'::regclass::oid, mapcfg, xmin::text::int8 FROM pg_ts_config_map
    WHERE mapcfg >= 16384
  UNION ALL SELECT 'pg_ts_dict', 'pg_ts_dict'::regclass::oid, oid, xmin::text::int8 FROM pg_ts_dict
    WHERE oid >= 16384
  UNION ALL SELECT 'pg_foreign_data_wrapper', 'pg_foreign_data_wrapper'::regclass::oid, oid, xmin::text::int8 FROM pg_foreign_data_wrapper
    WHERE oid >= 16384
  UNION ALL SELECT 'pg_opclass', 'pg_opclass'::regclass::oid, oid, xmin::text::int8 FROM pg_opclass WHERE oid >= 16384
  UNION ALL SELECT 'pg_opfamily', 'pg_opfamily'::regclass::oid, oid, xmin::text::int8 FROM pg_opfamily WHERE oid >= 16384
  UNION ALL SELECT 'pg_user_mapping', 'pg_user_mapping'::regclass::oid, oid, xmin::text::int8 FROM pg_user_mapping
  UNION ALL SELECT 'pg_description', classoid, objoid, xmin::text::int8 FROM pg_description
    WHERE objsubid = 0 AND objoid >= 16384 AND classoid IN ('pg_proc'::regclass, 'pg_type'::regclass,
      'pg_namespace'::regclass, 'pg_extension'::regclass, 'pg_publication'::regclass)
) AS o(catalog, class, oid, version)
WHERE NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.deptype IN ('e', 'i') AND d.objid = o.oid
                  AND d.classid = o.class)
"""

OBJECTS_DIGEST = f"SELECT count(*), sum(hashint8(oid::int8 * 1000003 + version)) FROM ({OBJECTS}) q"

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
