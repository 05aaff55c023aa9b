"""A file appears whole or not at all, and never over another one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from calista_tools.errors import ToolError
from calista_tools.files.placing import place


def test_a_file_appears(tmp_path: Path) -> None:
    place("zwölf\n", tmp_path / "a.py")
    assert (tmp_path / "a.py").read_bytes() == "zwölf\n".encode()
    assert [path.name for path in tmp_path.iterdir()] == ["a.py"]


def test_a_file_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("old")
    with pytest.raises(FileExistsError):
        place("new", tmp_path / "a.py")
    assert (tmp_path / "a.py").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.py"]


def test_nor_a_link_to_nowhere(tmp_path: Path) -> None:
    (tmp_path / "a.py").symlink_to(tmp_path / "gone")
    with pytest.raises(FileExistsError):
        place("new", tmp_path / "a.py")
    assert not (tmp_path / "gone").exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(ToolError, match=r"file.a\.py: cannot be written: "):
        place("new", tmp_path / "file" / "a.py")


@pytest.mark.skipif(
    not Path("/proc/self").is_dir(), reason="needs a folder that even root cannot write"
)
def test_not_even_root_writes_into_proc() -> None:
    with pytest.raises(ToolError, match=r"/proc/a\.py: cannot be written"):
        place("new", Path("/proc/a.py"))


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    code = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from calista_tools.files.placing import place\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))\n"
        "place('x' * 100, Path(sys.argv[1]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-B", "-c", code, tmp_path / "a.py"], capture_output=True, check=False
    )
    assert b"cannot be written: File too large" in done.stderr
    assert list(tmp_path.iterdir()) == []
