"""Who ends an attempt, and at how many points? A signal, the server, or a PostgreSQL program."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Protocol

from calista.cli import main
from tests.functional.calista.killing.points import Points
from tests.functional.calista.killing.site import Site, quiet


class Attack(Protocol):
    """A way to end attempts; an attempt returns the command's exit code, if it returns."""

    def count(self) -> dict[str, int]:
        """Return the number of points by their kind."""

    def at(self, number: int) -> int:
        """Make an attempt that is ended at this point."""


class BySignal:
    """The process gets a signal at a statement, a commit or a line."""

    def __init__(self, site: Site, name: str) -> None:
        self.site = site
        self.signal = signal.Signals[f"SIG{name}"]
        self.seconds = 0.0

    def count(self) -> dict[str, int]:
        # Once for what only the first run does: importing and loading.
        self.site.reset()
        assert quiet(main, self.site.command) == 0
        self.site.reset()
        points = Points()
        began = time.monotonic()
        with points.watching():
            assert quiet(main, self.site.command) == 0
        self.seconds = time.monotonic() - began
        return {"statements": points.statements, "lines": points.lines}

    def at(self, number: int) -> int:
        with Points(number, self.signal).watching():
            return quiet(main, self.site.command)

    def at_a_moment(self, seconds: float) -> int:
        """End the process wherever it is then, in the middle of a system call if so it happens."""
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, seconds)
        return quiet(main, self.site.command)


class BySession:
    """The server ends the session that sends a DDL statement."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def count(self) -> dict[str, int]:
        self.site.reset()
        assert self.at(0) == 0
        query = "SELECT last_value FROM public.ddl_statements"
        with self.site.database.connect() as connection:
            return {"statements": connection.exec_driver_sql(query).scalar() or 0}

    def at(self, number: int) -> int:
        self.site.execute(
            "CREATE SEQUENCE public.ddl_statements",
            "CREATE FUNCTION public.count_ddl() RETURNS event_trigger LANGUAGE plpgsql AS"
            # A sequence does not go back when a transaction does.
            f" $$ BEGIN IF nextval('public.ddl_statements') = {number}"
            " THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; END $$",
            "CREATE EVENT TRIGGER count_ddl ON ddl_command_end EXECUTE FUNCTION public.count_ddl()",
        )
        try:
            return quiet(main, self.site.command)
        finally:
            self.site.execute("DROP EVENT TRIGGER count_ddl")


class ByProgram:
    """Each run of pg_dump and pg_restore fails in each of these ways.

    - killed: before it has done anything;
    - cut: when it has written half of its output;
    - lying: half of its output, and it says that all is well;
    - orphaned: `calista` is killed first.
    """

    MANNERS = ("killed", "cut", "lying", "orphaned")
    SCRIPT = """#!/bin/sh
echo x >> '{folder}/runs'
for word in "$@"; do case $word in --file=-) ;; --file=*) file=${{word#--file=}};; esac; done
if [ "$(wc -l < '{folder}/runs')" -eq {run} ]; then
    case {manner} in
        killed) kill -9 $$ ;;
        orphaned) kill -9 $PPID ;;
        *) if [ -n "$file" ]; then
                '{program}' "$@"
                dd if=/dev/null of="$file" bs=1 count=0 seek=$(( $(wc -c < "$file") / 2 )) 2>/dev/null
            else
                '{program}' "$@" > '{folder}/said'
                head -c $(( $(wc -c < '{folder}/said') / 2 )) '{folder}/said'
            fi
            [ {manner} = cut ] && kill -9 $$
            exit 0 ;;
    esac
fi
exec '{program}' "$@"
"""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.real = Path(os.environ["CALISTA_PG_BIN"])
        self.folder = site.folder / "programs"
        self.folder.mkdir()

    def count(self) -> dict[str, int]:
        self.site.reset()
        assert self.at(0) == 0
        runs = (self.folder / "runs").read_text().count("x")
        return {"statements": runs * len(self.MANNERS)}

    def at(self, number: int) -> int:
        run, manner = divmod(number - 1, len(self.MANNERS))
        for name in ("pg_dump", "pg_restore"):
            script = self.SCRIPT.format(
                folder=self.folder,
                run=run + 1,
                manner=self.MANNERS[manner],
                program=self.real / name,
            )
            (self.folder / name).write_text(script)
            (self.folder / name).chmod(0o755)
        (self.folder / "runs").write_text("")
        os.environ["CALISTA_PG_BIN"] = str(self.folder)
        try:
            return quiet(main, self.site.command)
        finally:
            os.environ["CALISTA_PG_BIN"] = str(self.real)
