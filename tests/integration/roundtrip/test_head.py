"""What is said of head: drift from the metadata, and parity of the dialects."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.dialects import registry
from sqlalchemy.util import compat

from calista_tools.environment.roundtrip_settings import Settings
from calista_tools.roundtrip.project.proven_project import Project
from calista_tools.roundtrip.proof.run import Options, prove
from calista_tools.roundtrip.roundtrip_cli import main
from tests.servers import need_kept_proofs

CREATE = """
op.create_table("note", sa.Column("id", sa.Integer, primary_key=True), sa.Column("body", sa.Text))
"""
ENV = """
import sqlalchemy as sa
from alembic import context

metadata = sa.MetaData()
note = sa.Table("note", metadata, sa.Column("id", sa.Integer, primary_key=True), {columns})
{more}
engine = sa.create_engine(context.config.get_main_option("sqlalchemy.url"))
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()
"""
BODY = 'sa.Column("body", sa.Text)'
TRIGGER = """
sa.event.listen(metadata, "after_create", sa.DDL(
    "CREATE TRIGGER note_keep BEFORE UPDATE ON note BEGIN SELECT 1; END"
).execute_if(dialect="sqlite"))
sa.event.listen(metadata, "after_create", sa.DDL(
    "CREATE TRIGGER note_keep BEFORE UPDATE ON note FOR EACH ROW "
    "EXECUTE FUNCTION suppress_redundant_updates_trigger()"
).execute_if(dialect="postgresql"))
"""


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
@pytest.mark.parametrize(
    ("columns", "more", "drift"),
    [
        (BODY, "", []),
        (f'{BODY}, sa.Column("extra", sa.Text)', "", ["+column note.extra (only in the metadata)"]),
        ('sa.Column("body", sa.Text, nullable=False)', "",
         ["~column note.body: nullable yes → no (head → metadata)"]),
        (BODY, TRIGGER, ["+trigger note_keep on note (head → metadata)"]),
    ],
    ids=["none", "column", "nullable", "trigger"],
)  # fmt: skip
def test_drift_is_named(
    backend: str, columns: str, more: str, drift: list[str], project: Callable[..., Path]
) -> None:
    env = ENV.format(columns=columns, more=more)
    ini = project({"one": (CREATE, 'op.drop_table("note")')}, env=env)
    run = prove(Project(ini), Options(backend=backend, cache=False))
    assert run.proven
    assert run.drift == drift


def test_drift_is_looked_for_in_what_is_new_and_in_what_the_metadata_changed(
    project: Callable[..., Path],
) -> None:
    ini = project({"one": (CREATE, 'op.drop_table("note")')})
    env = ini.parent / "migrations" / "env.py"
    env.write_text(
        "import sys\nfrom pathlib import Path\nsys.path.insert(0, str(Path(__file__).parent))\n"
        "sys.modules.pop('drift_models', None)\nfrom drift_models import metadata\n"
        + ENV.split("note = ")[0].replace("metadata = sa.MetaData()", "")
        + ENV.split("{more}")[1],
        encoding="utf-8",
    )
    models = ini.parent / "migrations" / "drift_models.py"
    source = 'import sqlalchemy as sa\nmetadata = sa.MetaData()\nsa.Table("note", metadata, '
    source += f'sa.Column("id", sa.Integer, primary_key=True), {BODY})\n'
    models.write_text(source, encoding="utf-8")
    options = Options(backend="sqlite")
    assert prove(Project(ini), options).drift == []
    models.write_text(source.replace(BODY, f'{BODY}, sa.Column("z", sa.Text)'), encoding="utf-8")
    found = prove(Project(ini), options)
    assert [step.cached for step in found.steps] == [True]
    assert found.drift == ["+column note.z (only in the metadata)"]


def test_drift_that_is_written_down_is_a_note(project: Callable[..., Path]) -> None:
    env = ENV.format(columns=f'{BODY}, sa.Column("extra", sa.Text)', more="")
    ini = project({"one": (CREATE, 'op.drop_table("note")')}, env=env)
    settings = Settings(drift={"+column note.extra *": "comes with the next release"})
    run = prove(Project(ini), Options(backend="sqlite", cache=False, settings=settings))
    assert run.drift == []
    assert run.notes == ["+column note.extra (only in the metadata) - comes with the next release"]


def test_both_heads_are_compared(
    project: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    guarded = (
        CREATE + 'if op.get_bind().dialect.name == "postgresql":\n'
        '    op.create_index("ix_note", "note", ["body"])\n'
        'else:\n    op.add_column("note", sa.Column("more", sa.Text))'
    )
    ini = project({"one": (guarded, 'op.drop_table("note")')})
    assert main(["--config", str(ini), "--no-cache"]) == 0
    said = capsys.readouterr().out
    assert "parity:\n  -column more on note\n  +index ix_note on note\n" in said


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_drift_is_named_again_when_another_revision_is_added(
    backend: str, project: Callable[..., Path]
) -> None:
    need_kept_proofs(backend)
    steps = {"one": (CREATE, 'op.drop_table("note")')}
    extra = ", sa.Column('extra', sa.Text)"
    env = ENV.format(columns=BODY + extra, more="")
    ini = project(steps, env=env)
    expected = prove(Project(ini), Options(backend=backend)).drift
    assert expected
    versions = ini.parent / "migrations" / "versions"
    source = next(versions.glob("*.py")).read_text(encoding="utf-8")
    for old, new in (("down_revision = None", 'down_revision = "one"'), ("note", "memo")):
        source = source.replace(old, new)
    source = source.replace('revision = "one"', 'revision = "two"', 1)
    (versions / "two.py").write_text(source, encoding="utf-8")
    run = prove(Project(ini), Options(backend=backend))
    assert [step.cached for step in run.steps] == [True, False]
    assert run.drift == [*expected, "-table memo (only at head)"]


OWN = """
from sqlalchemy.ext.compiler import compiles

class matches(sa.sql.expression.ColumnElement):
    type = sa.Boolean()
    inherit_cache = True

@compiles(matches, "postgresql")
@compiles(matches, "sqlite")
def _matches(element, compiler, **options):
    return "length(body) > 0"

note.append_constraint(sa.CheckConstraint(matches(), name="ck_own"))
"""


def test_constructs_that_only_a_dialect_can_say_do_not_hinder(project: Callable[..., Path]) -> None:
    env = ENV.format(columns=f'{BODY}, sa.Column("extra", sa.Text)', more=OWN)
    run = prove(Project(project({"one": (CREATE, 'op.drop_table("note")')}, env=env)),
                Options(backend="postgresql", cache=False))  # fmt: skip
    assert "+column note.extra (only in the metadata)" in run.drift


def test_no_distribution_is_searched_for_a_dialect_at_a_check_that_is_not_valid(
    project: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(registry.impls, "dialect", raising=False)
    searched: list[str] = []
    search: Callable[[str], object] = compat.importlib_metadata_get

    def noted(group: str) -> object:
        searched.append(group)
        return search(group)

    monkeypatch.setattr(compat, "importlib_metadata_get", noted)
    check = "ALTER TABLE note ADD CONSTRAINT ck_note_id CHECK (id > 0) NOT VALID"
    ini = project(
        {"one": (f'{CREATE}\nop.execute("{check}")', 'op.drop_table("note")')},
        env=ENV.format(columns=BODY, more=""),
    )
    run = prove(Project(ini), Options(backend="postgresql", cache=False))
    assert (run.proven, run.drift, run.compared) == (True, [], ["drift"])
    assert "sqlalchemy.dialects" not in searched
