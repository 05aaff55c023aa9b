import pytest
from alembic.script.revision import Revision as AlembicRevision
from alembic.script.revision import RevisionMap

from calista_tools.history import History, Revision


def history(*edges: str, depends: dict[str, str] | None = None) -> History:
    """Revisions written as ``child:parent,parent``, in the order of their files."""
    revisions = []
    for number, edge in enumerate(edges):
        name, _, parents = edge.partition(":")
        revisions.append(
            Revision(
                f"20240101_{number:04}_{name}.py",
                name,
                tuple(filter(None, parents.split(","))),
                depends_on=tuple(filter(None, [(depends or {}).get(name)])),
                branch_labels=(f"{name}-label",) if name.isupper() else (),
            )
        )
    return History(revisions)


def kinds(found: History) -> list[tuple[str, str, str]]:
    return [(item.kind, item.path.name[14:-3], item.message) for item in found.problems]


def test_one_line() -> None:
    found = history("c:b", "a", "b:a")

    assert (found.heads, found.bases) == (("c",), ("a",))
    assert [r.revision for r in found.ordered] == ["a", "b", "c"]
    assert found.line == found.ordered
    assert found.ancestors("b") == {"a", "b"}
    assert found.descendants("b") == {"b", "c"}


def test_branches_and_merge() -> None:
    found = history("a", "b:a", "c:a", "m:b,c", "x:c")

    assert found.heads == ("m", "x")
    assert found.children["a"] == ("b", "c")
    assert found.parents["m"] == ("b", "c")
    assert found.line is None


def test_dependencies_order_but_do_not_make_heads() -> None:
    found = history("b", "A", depends={"b": "A-label"})

    assert found.heads == ("b", "A")
    assert [r.revision for r in found.ordered] == ["A", "b"]
    assert found.dependencies == {"b": ("A",)}
    assert found.ancestors("b", dependencies=True) == {"A", "b"}


def test_duplicates_count_as_for_alembic() -> None:
    found = history("a", "b:a", "b:a", "c:b")

    assert found.revisions["b"].path.name.startswith("20240101_0002")
    assert found.heads == ("b", "c")
    assert found.bases == ("a", "b")
    assert [revision.revision for revision in found.childless] == ["c"]
    assert [revision.revision for revision in found.parentless] == ["a"]
    assert kinds(found) == [("duplicate", "b", "revision 'b' is also in 20240101_0001_b.py")]


def test_edges_that_lead_nowhere() -> None:
    found = history("a:gone", "b:a", depends={"b": "nothing"})
    elsewhere = "(if it is another package's: list it in `external-revisions` of [tool.calista])"

    assert kinds(found) == [
        ("missing-parent", "a", f"unknown down_revision 'gone' {elsewhere}"),
        ("missing-parent", "b", f"unknown depends_on 'nothing' {elsewhere}"),
    ]


@pytest.mark.parametrize(
    ("edges", "on_cycle"),
    [
        (["a:a"], {"a"}),
        (["a", "b:c", "c:b"], {"b", "c"}),
        (["a", "b:a,d", "c:b", "d:c", "e:d"], {"b", "c", "d"}),
    ],
)
def test_cycles(edges: list[str], on_cycle: set[str]) -> None:
    found = kinds(history(*edges))

    assert {(kind, name) for kind, name, _ in found} == {("cycle", name) for name in on_cycle}


def test_cycle_by_dependency() -> None:
    assert {kind for kind, *_ in kinds(history("a", "b:a", depends={"a": "b"}))} == {"cycle"}


def test_long_cycles_and_lines_take_linear_time() -> None:
    names = [f"r{number}" for number in range(20_000)]
    line = history(*(f"{name}:{parent}" for name, parent in zip(names, ["", *names], strict=False)))
    cycle = history(*(f"{n}:{p}" for n, p in zip(names, [names[-1], *names], strict=False)))

    assert line.ancestors(names[-1]) == set(names)
    assert len(cycle.problems) == len(names)


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("abcd1", ("abcd1",)),
        ("abcd", ("abcd1", "abcd2")),
        ("abc", ()),
        ("head", ("abcd2", "TOPS")),
        ("base", ("abcd1",)),
        ("TOPS-label", ("TOPS",)),
        ("TOPS-label@head", ("TOPS",)),
        ("zzzz", ()),
    ],
)
def test_resolve(name: str, ids: tuple[str, ...]) -> None:
    assert history("abcd1", "abcd2:abcd1", "TOPS:abcd1").resolve(name) == ids


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("core", ("core0",)),
        ("core@head", ("core2",)),
        ("core@heads", ("core2",)),
        ("core@base", ("core0",)),
        ("plugin@head", ("plug1",)),
        ("core@head-1", ("core1",)),
        ("core@head-2", ("core0",)),
        ("core@head-3", ()),
        ("core@-1", ("core1",)),
        ("plugin@-1", ("plug0",)),
        ("core1-1", ("core0",)),
        ("core1+1", ("core2",)),
        ("core@base+1", ("core0",)),
        ("core@base+2", ("core1",)),
        ("core@base-1", ()),
        ("core2@head", ("core2",)),
        ("core1", ("core1",)),
        ("plug", ("plug0", "plug1")),
        ("head", ("core2", "plug1")),
        ("nothing@head", ()),
        ("+1", ()),
        ("core-x-1", ("core-x-1",)),
    ],
)
def test_names_as_alembic_understands_them(name: str, found: tuple[str, ...]) -> None:
    revisions = [
        Revision("0_core0.py", "core0", (), ("core",)),
        Revision("1_core1.py", "core1", ("core0",)),
        Revision("2_core2.py", "core2", ("core1",)),
        Revision("3_plug0.py", "plug0", (), ("plugin",)),
        Revision("4_plug1.py", "plug1", ("plug0",)),
    ]
    if name == "core-x-1":
        revisions.append(Revision("5_x.py", "core-x-1", ("core2",)))
    assert History(revisions).resolve(name) == found


@pytest.mark.parametrize(
    "name",
    [
        "core",
        "core@head",
        "plugin@heads",
        "core2@head",
        "core@head-1",
        "core@head-2",
        "core1-1",
        "core1+1",
        "core@base+1",
        "core@base+3",
        "heads",
        "core2",
        "plug0+1",
        "plugin@plug1",
    ],
)
def test_names_mean_what_alembic_says(name: str) -> None:
    edges = [("core0", None, "core"), ("core1", "core0", None), ("core2", "core1", None)]
    edges += [("plug0", None, "plugin"), ("plug1", "plug0", None)]
    theirs = RevisionMap(
        lambda: [AlembicRevision(one, down, None, label) for one, down, label in edges]
    )
    found = theirs._parse_upgrade_target(
        current_revisions=(), target=name, assert_relative_length=False
    )
    ours = History(
        Revision(f"{one}.py", one, tuple(filter(None, [down])), tuple(filter(None, [label])))
        for one, down, label in edges
    )
    assert set(ours.resolve(name)) == {getattr(one, "revision", one) for one in found}


def test_a_walk_down_a_merge_means_several() -> None:
    revisions = [
        Revision("0_a.py", "a"),
        Revision("1_b.py", "b", ("a",)),
        Revision("2_c.py", "c", ("a",)),
        Revision("3_d.py", "d", ("b", "c")),
    ]
    assert set(History(revisions).resolve("d-1")) == {"b", "c"}
    assert History(revisions).resolve("head-2") == ("a",)
