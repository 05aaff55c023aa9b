from __future__ import annotations

from calista_tools.roundtrip.rows.sqlite_sql import check_expressions


def test_checks_are_found_where_they_are_checks() -> None:
    sql = """CREATE TABLE t (
        a INTEGER CHECK(a > 0), -- CHECK (comment)
        "CHECK" TEXT DEFAULT 'CHECK (text)', /* CHECK (other) */
        CONSTRAINT ck CHECK  ((a + (1)) > length(')') )
    )"""
    assert list(check_expressions(sql)) == ["a > 0", "(a + (1)) > length(')')"]


def test_broken_sql_ends() -> None:
    assert list(check_expressions("CREATE TABLE t (a CHECK (a > (1)")) == ["a > (1)"]
