"""The questions that PostgreSQL's catalogs are asked about objects that belong to no relation.

Written for the newest version; `objects_of` takes out what an older one does not know. The shape
of the rows is that of `postgresql_queries`.
"""

from __future__ import annotations

from calista_tools.roundtrip.snapshot.postgresql_queries import CHOSEN, acl, comment
from calista_tools.roundtrip.snapshot.postgresql_rare import RARE, RARE_OBJECTS, SAID

_NAMED = "CASE WHEN n.nspname = 'public' THEN '' ELSE n.nspname || '.' END || "

_FUNCTIONS = f"""
SELECT p.oid, CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END,
  {_NAMED} p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')',
  json_build_object(
    'definition', CASE WHEN p.prokind <> 'a' THEN pg_get_functiondef(p.oid)
                       ELSE (SELECT to_json(a)::text FROM pg_aggregate a WHERE a.aggfnoid = p.oid) END,
    'privileges', {acl("p.proacl", "'f', p.proowner")},
    'owner', nullif(pg_get_userbyid(p.proowner), current_user),
    'comment', {comment("p.oid", "pg_proc")}
  )::text
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE p.oid = ANY($1) AND n.nspname !~ '^pg_temp_'
"""

_TYPES = f"""
SELECT t.oid, CASE t.typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' ELSE 'range' END,
  {_NAMED} t.typname,
  json_build_object(
    'labels', (SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e
               WHERE e.enumtypid = t.oid),
    'type', CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END,
    'nullable', CASE WHEN t.typtype = 'd' THEN NOT t.typnotnull END,
    'default', t.typdefault,
    'constraints', (SELECT json_agg(k.conname || ' ' || pg_get_constraintdef(k.oid) ORDER BY k.conname)
                    FROM pg_constraint k WHERE k.contypid = t.oid AND (k.contype <> 'n' OR {CHOSEN})),
    'range', (SELECT format_type(r.rngsubtype, NULL) FROM pg_range r WHERE r.rngtypid = t.oid),
    'privileges', {acl("t.typacl", "'T', t.typowner")},
    'owner', nullif(pg_get_userbyid(t.typowner), current_user),
    'comment', {comment("t.oid", "pg_type")}
  )::text
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE t.oid = ANY($1) AND t.typtype IN ('e', 'd', 'r') AND n.nspname !~ '^pg_temp_'
"""

#: A table of a publication, with its columns and its rows since PostgreSQL 15.
_PUBLISHED_BEFORE_15 = "r.prrelid::regclass::text"
_PUBLISHED = (
    "concat_ws(' ', r.prrelid::regclass::text, (SELECT '(' || string_agg(a.attname, ', '"
    " ORDER BY a.attnum) || ')' FROM pg_attribute a WHERE a.attrelid = r.prrelid"
    " AND a.attnum = ANY(r.prattrs)), 'WHERE ' || pg_get_expr(r.prqual, r.prrelid))"
)
#: The schemas of a publication, and their rows among the objects.
_PUBLISHED_SCHEMAS = """'schemas', (SELECT json_agg(s.pnnspid::regnamespace::text ORDER BY s.pnnspid::regnamespace::text)
               FROM pg_publication_namespace s WHERE s.pnpubid = u.oid), """
_SCHEMA_ROWS = """
  UNION ALL SELECT 'pg_publication_namespace', 'pg_publication_namespace'::regclass::oid, pnpubid, xmin::text::int8 FROM pg_publication_namespace"""

_OTHERS = f"""
SELECT n.oid, 'schema', n.nspname, json_build_object(
    'privileges', {acl("n.nspacl", "'n', n.nspowner")}, 'comment', {comment("n.oid", "pg_namespace")},
    'owner', CASE WHEN n.nspname <> 'public' THEN nullif(pg_get_userbyid(n.nspowner), current_user) END
  )::text FROM pg_namespace n WHERE n.oid = ANY($1)
UNION ALL
SELECT e.oid, 'extension', e.extname, json_build_object('version', e.extversion,
    'schema', e.extnamespace::regnamespace::text, 'comment', {comment("e.oid", "pg_extension")})::text FROM pg_extension e WHERE e.oid = ANY($1)
UNION ALL
SELECT o.oid, 'collation', {_NAMED} o.collname, json_build_object(
    'provider', o.collprovider::text, 'deterministic', o.collisdeterministic,
    'collate', o.collcollate, 'ctype', o.collctype,
    'locale', coalesce(to_jsonb(o) ->> 'colllocale', to_jsonb(o) ->> 'colliculocale'),
    'rules', to_jsonb(o) ->> 'collicurules')::text
FROM pg_collation o JOIN pg_namespace n ON n.oid = o.collnamespace WHERE o.oid = ANY($1)
UNION ALL
SELECT v.oid, 'event trigger', v.evtname, json_build_object('event', v.evtevent,
    'function', v.evtfoid::regprocedure::text, 'enabled', v.evtenabled::text, 'tags', v.evttags)::text
FROM pg_event_trigger v WHERE v.oid = ANY($1)
UNION ALL
SELECT a.oid, 'default privileges', concat_ws(' ', pg_get_userbyid(a.defaclrole),
    CASE WHEN a.defaclnamespace <> 0 THEN a.defaclnamespace::regnamespace::text END, a.defaclobjtype),
  json_build_object('privileges', {acl("a.defaclacl")})::text
FROM pg_default_acl a WHERE a.oid = ANY($1)
UNION ALL
SELECT u.oid, 'publication', u.pubname, json_build_object('all', u.puballtables,
    'publishes', to_jsonb(u) - '{{oid,pubname,pubowner,puballtables}}'::text[],
    {_PUBLISHED_SCHEMAS}'tables', (SELECT json_agg({_PUBLISHED} ORDER BY r.prrelid::regclass::text) FROM pg_publication_rel r
               WHERE r.prpubid = u.oid), 'comment', {comment("u.oid", "pg_publication")})::text
FROM pg_publication u WHERE u.oid = ANY($1)
UNION ALL
SELECT f.oid, 'server', f.srvname, json_build_object('options', f.srvoptions, 'type', f.srvtype,
    'version', f.srvversion, 'privileges', {acl("f.srvacl", "'S', f.srvowner")})::text
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

#: Objects that belong to no relation: (catalog, oid, version of the row); user mappings by their
#: view, since the catalog itself is a superuser's. Members of extensions
#: are the extension's business, and what comes with a range type is the type's; the public schema is older than any user's object but may change.
_OBJECTS = f"""
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
  UNION ALL SELECT 'pg_publication_rel', 'pg_publication_rel'::regclass::oid, prpubid, xmin::text::int8 FROM pg_publication_rel{_SCHEMA_ROWS}
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
  UNION ALL SELECT 'pg_user_mapping', 'pg_user_mapping'::regclass::oid, umid, hashtext(m::text) FROM pg_user_mappings m
  UNION ALL SELECT 'pg_description', classoid, objoid, xmin::text::int8 FROM pg_description
    WHERE objsubid = 0 AND objoid >= 16384 AND classoid NOT IN ('pg_class'::regclass,
      'pg_constraint'::regclass, 'pg_trigger'::regclass, 'pg_rewrite'::regclass,
      'pg_policy'::regclass, 'pg_statistic_ext'::regclass){RARE_OBJECTS}
) AS o(catalog, class, oid, version)
WHERE NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.deptype IN ('e', 'i') AND d.objid = o.oid
                  AND d.classid = o.class)
"""

_DIGEST = f"SELECT count(*), sum(hashint8(oid::int8 * 1000003 + version)) FROM ({_OBJECTS}) q"


def objects_of(version: int) -> dict[str, str]:
    """Return the queries about objects by their names, for one ``server_version_num``."""
    found = {
        "functions": _FUNCTIONS,
        "types": _TYPES,
        "others": _OTHERS + RARE,
        "said": SAID,
        "objects": _OBJECTS,
        "digest": _DIGEST,
    }
    if version < 150000:
        newer = {_PUBLISHED: _PUBLISHED_BEFORE_15, _PUBLISHED_SCHEMAS: "", _SCHEMA_ROWS: ""}
        for text, older in newer.items():
            found = {name: query.replace(text, older) for name, query in found.items()}
    return found
