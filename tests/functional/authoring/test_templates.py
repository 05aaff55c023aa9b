"""A project's own templates are its text, never its code: whatever they hold, one line or one file."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from calista_tools import config
from calista_tools.errors import ToolError
from calista_tools.rendering import confined
from calista_tools.rendering.rendering import render
from tests.functional.authoring.conftest import Run

GOOD = '''"""{{ docstring }}

Revision ID: {{ revision }}
Revises:{{ " " ~ parents | join(", ") if parents }}
Create Date: {{ created }}
"""
{% macro quoted(value) %}{{ value | python }}{% endmacro %}
{% set ns = namespace(count=0) %}
{% for dialect in dialects %}{% set ns.count = ns.count + loop.index %}{% endfor %}

from alembic import op

revision = {{ quoted(revision) }}
down_revision = {{ (parents[0] if parents else None) | python }}
DIALECTS = {{ dialects | map("upper") | list | python }}  # {{ "%d of %s" | format(ns.count, kind) }}

{% include "script/policy.j2" %}

{% include "script/" ~ kind ~ ".py.j2" %}
'''
#: What somebody else's template may try. PROOF is a file that must not be there afterwards.
ATTACKS = {
    "classes": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "globals": "{{ cycler.__init__.__globals__.os.popen('touch PROOF').read() }}",
    "lipsum": "{{ lipsum.__globals__['os'].system('touch PROOF') }}",
    "joiner": "{{ joiner.__init__.__globals__ }}",
    "namespace": "{{ namespace.__init__.__globals__ }}",
    "undefined": "{{ self.__init__.__globals__ }}",
    "self": "{{ self._TemplateReference__context.environment }}",
    "attr filter": "{{ ''|attr('__class__')|attr('__mro__') }}",
    "map attribute": "{{ [''] | map(attribute='__class__') | join }}",
    "format string": "{{ '{0.__class__.__mro__}'.format(1) }}",
    "format_map": "{{ '{a.__class__.__init__.__globals__}'.format_map({'a': cycler}) }}",
    "filters": "{{ docstring.replace.__self__.__class__ }}",
    "import os": "{% import 'os' as os %}{{ os.system('touch PROOF') }}",
    "dates": "{{ created.__reduce_ex__(2) }}",
    "change what is ours": "{{ dialects.append('x') }}{{ parents.append('x') }}",
    "range": "{% for i in range(10**9) %}{{ i }}{% endfor %}",
    "loops": "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "lists": "{{ [0] * 10**10 }}",
    "strings": "{{ 'x' * 10**10 }}",
    "powers": "{{ 10 ** (10 ** 10) }}",
    "doubling": "{% set n = namespace(s='xxxxxxxx') %}"
    "{% for i in range(50) %}{% set n.s = n.s ~ n.s %}{% endfor %}",
    "center": "{{ 'x' | center(10**10) }}",
    "width": "{{ '%10000000000d' | format(1) }}",
    "endless macro": "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "huge": "{% for i in range(99999) %}# {{ 'x' * 1000 }}\n{% endfor %}",
    "passwd": "{% include '/etc/passwd' %}",
    "parents": "{% include '../pyproject.toml' %}",
    "dots": "{% include 'script/../../pyproject.toml' %}",
    "link": "{% include 'link.txt' %}",
    "folder link": "{% include 'away/pyproject.toml' %}",
    "pipe": "{% include 'pipe' %}",
    "zero": "{% include 'zero' %}",
    "large": "{% include 'large' %}",
    "syntax": "{% if %}",
    "division": "{{ 1 // 0 }}",
    "types": "{{ 1 + 'x' }}",
    "surrogate": "{{ '\\ud800' }}",
    "debug": "{% debug %}",
    "eval": "{{ eval('1') }}",
    "open": "{{ open('/etc/passwd').read() }}",
}
#: Theirs are given paths, and objects of ours.
REVIEW_ATTACKS = {
    "read a file": "{{ evidence.config.path.read_text() }}",
    "remove a file": "{{ evidence.config.path.unlink() }}",
}
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="links, pipes and limits of POSIX")


@pytest.fixture
def templates(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the project's own folder of templates, which get one second."""
    monkeypatch.setattr(confined, "SECONDS", 1)
    folder = project / "templates"
    folder.mkdir()
    with (project / "pyproject.toml").open("a") as pyproject:
        pyproject.write('templates = "templates"\n')
    return folder


def files(project: Path) -> set[Path]:
    return {path for path in project.rglob("*") if "__pycache__" not in path.parts}


def test_a_good_one_works(project: Path, templates: Path, tasks: Run) -> None:
    (templates / "script.py.j2").write_text(GOOD)
    code, out, err = tasks("revision", "-m", "a step")
    assert (code, err) == (0, "")
    assert 'DIALECTS = ["SQLITE", "POSTGRESQL"]  # 3 of schema' in Path(out.strip()).read_text()
    assert Path(out.strip()).is_relative_to(project)


def test_it_may_come_through_a_link_to_the_folder(
    project: Path, templates: Path, tasks: Run, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (templates / "script.py.j2").write_text(GOOD)
    elsewhere = tmp_path_factory.mktemp("shared") / "templates"
    templates.rename(elsewhere)
    templates.symlink_to(elsewhere, target_is_directory=True)
    assert tasks("revision", "-m", "a step").code == 0
    assert project.is_dir()


@POSIX
@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_an_attack_is_one_line_and_no_file(
    project: Path, templates: Path, tasks: Run, attack: str
) -> None:
    (templates / "link.txt").symlink_to("/etc/passwd")
    (templates / "away").symlink_to(project, target_is_directory=True)
    (templates / "zero").symlink_to("/dev/zero")
    with (templates / "large").open("wb") as large:
        large.truncate(1 << 32)
    os.mkfifo(templates / "pipe")
    proof = project / "proof"
    (templates / "script.py.j2").write_text(GOOD + attack.replace("PROOF", str(proof)) + "\n")
    before = files(project)
    code, out, err = tasks("revision", "-m", "a step")
    assert (code, out) == (1, "")
    assert re.match(r"error: (template |\S+\.py would not be valid Python).*\n(hint: .*\n)?$", err)
    assert len(err) < 600
    assert files(project) == before


@pytest.mark.parametrize("name", ["review.md.j2", "report.html.j2"])
@pytest.mark.parametrize("attack", ["globals", "range", "read a file", "remove a file"])
def test_those_of_the_review_and_the_report_are_held_alike(
    project: Path, templates: Path, name: str, attack: str
) -> None:
    proof = project / "proof"
    (templates / name).write_text((ATTACKS | REVIEW_ATTACKS)[attack].replace("PROOF", str(proof)))
    found = config.load()
    with pytest.raises(ToolError, match=f"^template {name}: "):
        render(found, name, {"evidence": SimpleNamespace(config=found)})
    assert not proof.exists()
    assert (project / "pyproject.toml").exists()
