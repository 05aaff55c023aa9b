"""Which code stands for a default that a database tells of?"""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from calista_tools.authoring.portable import default_code

TEXT, WHOLE, TRUTH = sa.Text(), sa.Integer(), sa.Boolean()


@pytest.mark.parametrize(
    ("text", "type_", "code"),
    [
        ("'new'::character varying", sa.VARCHAR(20), "'new'"),
        ("'new'::character varying(20)", sa.VARCHAR(20), "'new'"),
        ("'new'::text", TEXT, "'new'"),
        ("''::text", TEXT, "''"),
        ("'new'::bpchar", sa.CHAR(3), "'new'"),
        ("'new'::app.kind", TEXT, "'new'"),
        ('\'new\'::"App"."Ki\'nd"', TEXT, "'new'"),
        ("'two\nlines'::text", TEXT, r"'two\nlines'"),
        ("'it''s'::text", TEXT, '"it\'s"'),
        ("'''quoted'''::text", TEXT, "\"'quoted'\""),
        (r"E'a\\b''c'::text", TEXT, r'''"a\\b'c"'''),
        (r"'\x00'::bytea", sa.LargeBinary(), r"'\\x00'"),
        ("'{}'::jsonb", postgresql.JSONB(), "'{}'"),
        ("'{a,b}'::text[]", postgresql.ARRAY(TEXT), "'{a,b}'"),
        ("'{}'::character varying(9)[]", postgresql.ARRAY(TEXT), "'{}'"),
        (
            "'2020-01-01 00:00:00+00'::timestamp with time zone",
            sa.DateTime(),
            "'2020-01-01 00:00:00+00'",
        ),
        ("'10:00:00'::time without time zone", sa.Time(), "'10:00:00'"),
        ("'10:00:00'::time(3) without time zone", sa.Time(), "'10:00:00'"),
        ("'-1'::integer", WHOLE, "sa.text('-1')"),
        ("'-0.50'::numeric(10,2)", sa.Numeric(), "sa.text('-0.50')"),
        ("'NaN'::numeric", sa.Numeric(), None),
        ("(0)::numeric", sa.Numeric(), "sa.text('0')"),
        ("0::smallint", WHOLE, "sa.text('0')"),
        ("(1)::text", TEXT, None),
        ("7", WHOLE, None),
        ("0.5", sa.Float(), None),
        ("true", TRUTH, "sa.true()"),
        ("false", TRUTH, "sa.false()"),
        ("'t'::boolean", TRUTH, "sa.true()"),
        ("NOT true", TRUTH, None),
        ("now()", sa.DateTime(), "sa.func.now()"),
        ("CURRENT_TIMESTAMP", sa.DateTime(), None),
        ("timezone('utc'::text, now())", sa.DateTime(), None),
        ("NULL::character varying", TEXT, 'sa.text("NULL")'),
        ("nextval('a_id_seq'::regclass)", WHOLE, None),
        ("gen_random_uuid()", postgresql.UUID(), None),
        ("ARRAY['a'::text]", postgresql.ARRAY(TEXT), None),
        ("'a'::text || 'b'::text", TEXT, None),
        ("('now'::text)::date", sa.Date(), None),
        ("lower('A'::text)", TEXT, None),
        ("'a'::text COLLATE \"C\"", TEXT, None),
        ('"quoted"', TEXT, None),
    ],
)
def test_of_postgresql(text: str, type_: Any, code: str | None) -> None:
    assert default_code(text, type_, "postgresql") == code


@pytest.mark.parametrize(
    ("text", "type_", "code"),
    [
        ("'new'", TEXT, "'new'"),
        ("'it''s :so'", TEXT, '"it\'s :so"'),
        ('"quoted"', TEXT, "'quoted'"),
        ('("quoted")', TEXT, "'quoted'"),
        ('"say ""so"""', TEXT, "'say \"so\"'"),
        ("1", TRUTH, "sa.true()"),
        ("0", TRUTH, "sa.false()"),
        ("true", TRUTH, None),
        ("'0'", TRUTH, None),
        ("'-1'", WHOLE, "sa.text('-1')"),
        ("1", WHOLE, None),
        ("(0.5)", sa.Float(), "sa.text('0.5')"),
        ("(CURRENT_TIMESTAMP)", sa.DateTime(), "sa.text('CURRENT_TIMESTAMP')"),
        ("(datetime('now'))", sa.DateTime(), None),
        ("('a' || 'b')", TEXT, None),
        ("now()", sa.DateTime(), None),
        ("x'00'", sa.LargeBinary(), None),
    ],
)
def test_of_sqlite(text: str, type_: Any, code: str | None) -> None:
    assert default_code(text, type_, "sqlite") == code
