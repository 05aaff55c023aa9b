import pytest

from tests.unit.lint.project import Lint


@pytest.mark.parametrize(
    "body",
    [
        'op.execute("SELEC 1")',
        'op.execute(sa.text("CREATE TABLE t (a INTEGER"))',
        'op.get_bind().exec_driver_sql("UPDATE t SET a = \'x")',
        'op.execute("DROP INDEX ix_t; CREATE TABEL t (a INTEGER)")',
        'op.execute("ALTER TABLE t ADD CONSTRAINT c CHECK a > 0")',
        'for _ in range(3):\n    op.execute("CREATE TABLE")',
    ],
)
def test_reports(body: str, lint: Lint) -> None:
    [found] = lint("CAL009", body)
    assert "cannot be parsed" in found.finding.message


@pytest.mark.parametrize(
    "body",
    [
        'op.execute("SELECT 1; -- SELEC 1")',
        "op.execute(\"INSERT INTO t (a) VALUES ('CREATE TABEL')\")",
        'op.execute(f"CREATE {unknown} t (a INTEGER)")',
        "op.execute(\"DO $$ BEGIN EXECUTE format('DROP TABLE %I', name); END $$\")",
        'op.execute("CREATE INDEX [a b] ON t (a)")',
        'op.execute("VACUUM ANALYZE t")',
        'op.execute(sa.text(":statement"))',
        'op.execute("")',
    ],
)
def test_leaves_alone(body: str, lint: Lint) -> None:
    assert not lint("CAL009", body)
