"""Exclusion constraints are a kind of their own: named as PostgreSQL does, dropped, and locked for."""

from pathlib import Path

import pytest

from calista_tools.config import load as configuration
from calista_tools.effects.evaluator.conventions import templates_in
from calista_tools.effects.evaluator.values import External
from calista_tools.lint.loading import load
from calista_tools.lint.names.listing import list_names
from tests.unit.lint.project import Lint, as_file

LONG = "a_table_with_a_name_that_is_rather_long_for_what_it_is_meant"


@pytest.mark.parametrize(
    ("clause", "name"),
    [  # asked of PostgreSQL 18.6
        ("EXCLUDE USING gist (room WITH =, during WITH &&)", "slot_room_during_excl"),
        ("EXCLUDE USING gist (during WITH &&)", "slot_during_excl"),
        ("EXCLUDE (n WITH =)", "slot_n_excl"),
        ("EXCLUDE ((n) WITH =)", "slot_n_excl"),
        ("EXCLUDE (n WITH =, n WITH =)", "slot_n_n1_excl"),
        ("EXCLUDE ((n + 1) WITH =, (n + 2) WITH =)", "slot_expr_expr1_excl"),
        ("EXCLUDE (tsrange(a, b) WITH &&)", "slot_tsrange_excl"),
        ("EXCLUDE (lower(s) WITH =, lower(s) WITH =)", "slot_lower_lower1_excl"),
        ("EXCLUDE (pg_catalog.lower(s) WITH =)", "slot_lower_excl"),
        ("EXCLUDE ((n::text) WITH =)", "slot_n_excl"),
        ("EXCLUDE (CAST(n AS text) WITH =)", "slot_n_excl"),
        ("EXCLUDE (coalesce(n, 0) WITH =)", "slot_coalesce_excl"),
        ("EXCLUDE ((CASE WHEN n > 0 THEN 1 END) WITH =)", "slot_case_excl"),
        ('EXCLUDE ("Q" WITH =)', "slot_Q_excl"),
        ('EXCLUDE (s COLLATE "C" WITH =)', "slot_s_excl"),
        ("EXCLUDE (s text_pattern_ops DESC NULLS LAST WITH =)", "slot_s_excl"),
        ("EXCLUDE (n WITH =) INCLUDE (m)", "slot_n_m_excl"),
        ("EXCLUDE (n WITH =) WHERE (m > 0)", "slot_n_excl"),
        ("EXCLUDE (s WITH OPERATOR(pg_catalog.=))", "slot_s_excl"),
        ("EXCLUDE (extract(year FROM a) WITH =)", None),
        ("EXCLUDE ((CASE WHEN n > 0 THEN 1 ELSE m END) WITH =)", None),
        ("EXCLUDE ((a AT TIME ZONE 'UTC') WITH =)", None),
        ("UNIQUE (n) INCLUDE (m)", "slot_n_m_key"),
        ("PRIMARY KEY (n) INCLUDE (m)", "slot_pkey"),
    ],
)
@pytest.mark.parametrize("form", ["ALTER TABLE slot ADD {}", "CREATE TABLE slot (n int, {})"])
def test_the_name_that_postgresql_gives(
    clause: str, name: str | None, form: str, lint: Lint
) -> None:
    entries = names_of(f"op.execute({form.format(clause)!r})")
    kind = {"E": "ex", "U": "uq", "P": "pk"}[clause[0]]
    [entry] = [one for one in entries if one["kind"] == kind]
    assert entry["name"] == name
    assert (entry["reason"] is None) == (name is not None)
    assert entry["dialects"] == ["postgresql"] if kind == "ex" else True


@pytest.mark.parametrize(
    ("call", "name", "columns"),
    [
        (
            'op.create_exclude_constraint(None, "slot", ("room", "="), ("during", "&&"))',
            "slot_room_during_excl",
            ["room", "during"],
        ),
        (
            f'op.create_exclude_constraint(None, "{LONG}", ("during", "&&"), ("box", "&&"))',
            "a_table_with_a_name_that_is_rather_long_for_wha_during_box_excl",
            ["during", "box"],
        ),
        (
            'op.create_exclude_constraint("own", "slot", (sa.column("room"), "="), using="gist")',
            "own",
            ["room"],
        ),
        (
            'op.create_table("slot", postgresql.ExcludeConstraint(("room", "="), ("during", "&&")))',
            "slot_room_during_excl",
            ["room", "during"],
        ),
        (
            'op.create_table("slot", postgresql.ExcludeConstraint((sa.text("lower(s)"), "=")))',
            "slot_lower_excl",
            [None],
        ),
        (
            'op.create_table("slot", postgresql.ExcludeConstraint((sa.func.upper("s"), "=")))',
            "slot_upper_excl",
            [None],
        ),
        ('op.create_exclude_constraint(None, "slot", *elements())', None, None),
    ],
)
def test_of_alembics_operations(call: str, name: str | None, columns: object) -> None:
    [entry] = [one for one in names_of(call) if one["kind"] == "ex"]
    assert (entry["name"], entry["columns"]) == (name, columns)
    assert entry["implicit"] == (name != "own")


def names_of(body: str) -> list[dict[str, object]]:
    path = Path("20250826_1030_example.py").absolute()
    config = configuration(Path(__file__).parent)
    migration = load(path, config._replace(dialects=("postgresql",)), None, as_file(body).encode())
    assert not migration.bugs
    return list_names([migration])


@pytest.mark.parametrize(
    "create",
    [
        'op.create_exclude_constraint(None, "slot", ("room", "="), ("during", "&&"))',
        'op.execute("ALTER TABLE slot ADD EXCLUDE USING gist (room WITH =, during WITH &&)")',
    ],
)
def test_a_drop_by_postgresqls_name_is_right(create: str, lint: Lint) -> None:
    table = 'op.create_table("slot", sa.Column("room", sa.Integer()), sa.Column("during", X))\n'
    for name, wrong in (("slot_room_during_excl", False), ("slot_excl", True)):
        source = f'{table}{create}\nop.drop_constraint("{name}", "slot")'
        found = lint("CAL109", source, 'dialects = ["postgresql"]')
        assert [("slot_room_during_excl" in one.finding.message) for one in found] == [True] * wrong


@pytest.mark.parametrize("element", ["extract(year FROM a)", "(a AT TIME ZONE 'UTC')"])
def test_a_drop_of_what_may_have_any_name_is_left_alone(element: str, lint: Lint) -> None:
    source = (
        'op.create_table("slot", sa.Column("a", sa.DateTime()))\n'
        f'op.execute("ALTER TABLE slot ADD EXCLUDE ({element} WITH =)")\n'
        'op.drop_constraint("slot_whatever_excl", "slot")'
    )
    assert lint("CAL109", source, 'dialects = ["postgresql"]') == []


@pytest.mark.parametrize(
    "step",
    [
        'op.create_exclude_constraint("x", "slot", ("room", "="))',
        'op.execute("ALTER TABLE slot ADD CONSTRAINT x EXCLUDE USING gist (room WITH =)")',
        'op.execute("ALTER TABLE ONLY slot ADD EXCLUDE (room WITH =) WHERE (room > 0)")',
    ],
)
def test_nobody_is_told_not_valid(step: str, lint: Lint) -> None:
    [found] = lint("CAL307", step, 'dialects = ["postgresql"]')
    assert "NOT VALID" not in found.finding.message
    assert "building the constraint's index" in found.finding.message


def test_sqlalchemys_convention_has_no_such_key() -> None:
    assert templates_in({"ex": "no_%(table_name)s", "ix": "ix_%(table_name)s"}) == {
        "ix": "ix_%(table_name)s"
    }
    by_class = {External("sqlalchemy.dialects.postgresql.ExcludeConstraint"): "ex_%(table_name)s"}
    assert templates_in(by_class) == {"ex": "ex_%(table_name)s"}
