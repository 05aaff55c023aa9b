"""What do files look like that somebody has damaged? Histories from every template, and random harm."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import alembic
from mako.template import Template  # type: ignore[import-untyped]

from calista_tools.authoring.draft import Draft
from calista_tools.config import Config

_ALEMBIC = Path(alembic.__file__).parent / "templates"
START = datetime(2025, 8, 26, 10, 30, tzinfo=UTC)
#: What each revision of a history does, and undoes; the second and third need the one before.
STEPS = [
    (
        (
            'op.create_table("note", sa.Column("id", sa.Integer(), nullable=False),\n'
            '        sa.Column("title", sa.Text()), sa.PrimaryKeyConstraint("id", name="pk_note"))'
        ),
        'op.drop_table("note")',
    ),
    (
        'op.create_index("ix_note_note_title", "note", ["title"])',
        'op.drop_index("ix_note_note_title", "note")',
    ),
    (
        (
            'op.drop_index("ix_note_note_title", "note")\n'
            '    op.add_column("note", sa.Column("body", sa.Text(), nullable=True))'
        ),
        (
            'op.drop_column("note", "body")\n'
            '    op.create_index("ix_note_note_title", "note", ["title"])'
        ),
    ),
    ("op.execute(\"UPDATE note SET body = '' WHERE body IS NULL\")", "pass"),
]
OURS = ("schema", "data", "append-only")


def templates() -> list[str]:
    """Return the names of the templates: Alembic's, then ours."""
    of_alembic = (path.parent.name for path in _ALEMBIC.glob("*/script.py.mako"))
    return [*sorted(of_alembic), *OURS]


@cache
def history(template: str) -> dict[str, str]:
    """Return a history of four revisions as a template writes them, by file name."""
    found = {}
    for number, (upgrade, downgrade) in enumerate(STEPS):
        created = START + timedelta(minutes=number)
        parent = f"a{number}" if number else None
        if template in OURS:
            draft = Draft(
                message=f"Step {number}",
                revision=f"a{number + 1}",
                created=created,
                parents=(parent,) if parent else (),
                kind=template,  # type: ignore[arg-type]
                table="note",
            )
            source = draft.source(_config(Path("/nowhere")))
            if template == "schema":
                source = source.partition("\ndef upgrade")[0] + _functions(upgrade, downgrade)
        else:
            source = Template(filename=str(_ALEMBIC / template / "script.py.mako")).render_unicode(
                message=f"step {number}",
                up_revision=f"a{number + 1}",
                down_revision=parent,
                branch_labels=None,
                depends_on=None,
                create_date=created,
                imports="",
                upgrades=upgrade,
                downgrades=downgrade,
                comma=lambda value: value or "",
                config=_Several(),
            )
        found[f"{created:%Y%m%d_%H%M}_step_{number}.py"] = source
    return found


def _functions(upgrade: str, downgrade: str) -> str:
    return (
        f"\ndef upgrade() -> None:\n    {upgrade}\n\n\ndef downgrade() -> None:\n    {downgrade}\n"
    )


class _Several:
    """What the template for several databases asks of the configuration."""

    def get_main_option(self, _name: str, _default: str = "") -> str:
        return "engine1, engine2"


def _config(root: Path) -> Config:
    location = root / "migrations"
    return Config(root, location, root / "alembic.ini", location / "history.lock")


def a_character_gone(text: str, dice: random.Random) -> str:
    at = dice.randrange(len(text))
    return text[:at] + text[at + 1 :]


def a_bracket_gone(text: str, dice: random.Random) -> str:
    places = [at for at, letter in enumerate(text) if letter in "()[]{}\"'"]
    at = dice.choice(places or [0])
    return text[:at] + text[at + 1 :]


def a_line_gone(text: str, dice: random.Random) -> str:
    lines = text.splitlines(keepends=True)
    del lines[dice.randrange(len(lines))]
    return "".join(lines)


def a_line_twice(text: str, dice: random.Random) -> str:
    lines = text.splitlines(keepends=True)
    lines.insert(dice.randrange(len(lines)), dice.choice(lines))
    return "".join(lines)


def lines_swapped(text: str, dice: random.Random) -> str:
    lines = text.splitlines(keepends=True)
    one, other = dice.randrange(len(lines)), dice.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return "".join(lines)


def a_line_moved_in_or_out(text: str, dice: random.Random) -> str:
    lines = text.splitlines(keepends=True)
    at = dice.randrange(len(lines))
    lines[at] = dice.choice(["    " + lines[at], lines[at].lstrip(" "), "\t" + lines[at]])
    return "".join(lines)


def cut_off(text: str, dice: random.Random) -> str:
    return text[: dice.randrange(len(text))]


def something_strange(text: str, dice: random.Random) -> str:
    at = dice.randrange(len(text))
    return text[:at] + dice.choice(_STRANGE) + text[at:]


def a_word_changed(text: str, dice: random.Random) -> str:
    words = [word for word in _WORDS if word in text] or [text[:1]]
    return text.replace(dice.choice(words), dice.choice(_OTHERS), dice.choice([1, 1, -1]))


_STRANGE = [
    "\0", "\f", "\r", "\t", "é", "\u2028", "\ufeff", "\ud800", "(", ")", '"""', "'", "\\", "#",
    "<<<<<<< HEAD\n", "# coding: latin-1\n", "# noqa", ";", "0x", "lambda: ", "*", "yield ",
]  # fmt: skip
_WORDS = [
    "revision", "down_revision", '"a1"', '"a2"', "'a1'", "'a2'", "None", "def ", "upgrade", "op.",
    "sa.", "note", "import", "str", "pass", ":", "=", ",", "title", "create_", "drop_",
]  # fmt: skip
_OTHERS = ["", "revision", '"a3"', "'a9'", "None", "()", "1", "x", "op", "def", "\n", " "]
HARM: list[Callable[[str, random.Random], str]] = [
    a_character_gone, a_bracket_gone, a_bracket_gone, a_line_gone, a_line_twice, lines_swapped,
    a_line_moved_in_or_out, cut_off, something_strange, a_word_changed, a_word_changed,
]  # fmt: skip


def damaged(text: str, dice: random.Random) -> bytes:
    """Return a file after one piece of harm, sometimes more."""
    for _ in range(dice.choice([1, 1, 1, 2, 4])):
        if text:
            text = dice.choice(HARM)(text, dice)
    return text.encode(errors="surrogatepass")
