from pathlib import Path

import pytest

from calista_tools import config

BOTH = ("sqlite", "postgresql")
POSTGRESQL = ("postgresql",)


def project(root: Path, ini: str = "", env: str = "", revision: str = "") -> config.Config:
    (root / "alembic.ini").write_text(f"[alembic]\nscript_location = migrations\n{ini}")
    versions = root / "migrations" / "versions"
    versions.mkdir(parents=True)
    (root / "migrations" / "env.py").write_text(env)
    (versions / "a1.py").write_text(revision)
    return config.load(root)


@pytest.mark.parametrize(
    ("ini", "env", "revision", "dialects"),
    [
        ("", "", "", BOTH),
        ("sqlalchemy.url = driver://user:pass@localhost/dbname\n", "", "", BOTH),
        ("sqlalchemy.url = postgresql+psycopg://u@h/d\n", "", "", POSTGRESQL),
        ("sqlalchemy.url = postgres://u@h/d\n", "", "", POSTGRESQL),
        ("# sqlalchemy.url = sqlite:///x\nsqlalchemy.url = postgresql://h/d\n", "", "", POSTGRESQL),
        ("sqlalchemy.url = sqlite+aiosqlite:///x.db\n", "", "", ("sqlite",)),
        ("", "import asyncpg\n", "", POSTGRESQL),
        ("", "from psycopg2 import sql\n", "", POSTGRESQL),
        ("", "from sqlalchemy.dialects.postgresql import JSONB\n", "", POSTGRESQL),
        ("", "", "from sqlalchemy.dialects import postgresql\n", POSTGRESQL),
        ("", "", "from sqlalchemy.dialects import postgresql, sqlite\n", BOTH),
        ("", "import psycopg\n", "if bind.dialect.name == 'sqlite': ...\n", BOTH),
        ("", "import psycopg\ncontext.configure(render_as_batch=True)\n", "", BOTH),
        ("", "", "if bind.dialect.name == 'postgresql': ...\n", BOTH),
        ("", "context.configure(render_as_batch=True)\n", "", BOTH),
        (
            "",
            "import psycopg\ncontext.configure(render_as_batch=True)\n",
            "if name == 'mysql': ...\n",
            POSTGRESQL,
        ),
        ("sqlalchemy.url = postgresql://h/d\n", "", "create_engine('sqlite:///old')\n", POSTGRESQL),
        ("sqlalchemy.url = mysql+pymysql://h/d\n", "", "", BOTH),
    ],
)
def test_what_is_shown(
    ini: str, env: str, revision: str, dialects: tuple[str, ...], tmp_path: Path
) -> None:
    found = project(tmp_path, ini, env, revision)
    assert found.dialects == dialects
    assert bool(found.dialects_seen) == (len(dialects) == 1 or "mysql" in ini)


def test_why_is_said(tmp_path: Path) -> None:
    found = project(tmp_path, "sqlalchemy.url = mysql+pymysql://h/d\n")
    why = "MySQL only (`mysql+pymysql://` in alembic.ini), judged as SQLite and PostgreSQL"
    assert found.dialects_seen == why


@pytest.mark.parametrize("text", ['dialects = ["sqlite"]', 'policy = "calista"'])
def test_what_is_configured_wins(text: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.calista]\n{text}\n")
    found = project(tmp_path, "sqlalchemy.url = postgresql://h/d\n")
    assert found.dialects == (("sqlite",) if "dialects" in text else BOTH)
    assert not found.dialects_seen
