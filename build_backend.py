"""How does this checkout become what pip installs? A build backend (PEP 517 and 660) of its own.

A hook of pre-commit is built on each machine that uses it. Fetching a backend would take longer than
all the rest of that, and the lint needs nothing that has to be fetched.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import tarfile
import tomllib
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parent
#: Folders of the checkout, and where they are in a wheel.
PACKAGED = {"tools/calista_tools": "calista_tools", "templates": "calista_tools/templates"}
#: What an sdist has beside them.
SOURCES = ("pyproject.toml", "build_backend.py", "README.md", "CHANGELOG.md", "LICENSE", "docs")
#: What is on the path where the checkout itself is installed: both distributions.
EDITABLE = ("src", "tools")
TAG = "py3-none-any"
#: Of every file: the oldest time that a zip archive can hold, so that two builds are equal.
TIME = 315532800
Settings = dict[str, Any] | None


def build_wheel(
    wheel_directory: str, _settings: Settings = None, _metadata: str | None = None
) -> str:
    """Write the toolkit's wheel into the folder; return its file name."""
    files = {
        f"{target}/{path.relative_to(ROOT / source).as_posix()}": path.read_bytes()
        for source, target in PACKAGED.items()
        for path in _files(ROOT / source)
    }
    return _write_wheel(Path(wheel_directory), files, _metadata_files(_project()))


def build_editable(
    wheel_directory: str, _settings: Settings = None, _metadata: str | None = None
) -> str:
    """Write a wheel that leads to this checkout, for who works on it; return its file name."""
    lines = "".join(f"{ROOT / folder}\n" for folder in EDITABLE)
    files = {"_calista_migrations.pth": lines.encode()}
    return _write_wheel(Path(wheel_directory), files, _metadata_files(_development()))


def build_sdist(sdist_directory: str, _settings: Settings = None) -> str:
    """Write the source archive into the folder; return its file name."""
    project = _project()
    stem = f"{_file_name(project)}-{project['version']}"
    paths = [path for name in (*SOURCES, *PACKAGED) for path in _files(ROOT / name)]
    content = {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in paths}
    content["PKG-INFO"] = _metadata_files(project)["METADATA"]
    target = Path(sdist_directory, f"{stem}.tar.gz")
    with (
        target.open("wb") as file,
        gzip.GzipFile("", "wb", fileobj=file, mtime=TIME) as packed,
        tarfile.open(mode="w", fileobj=packed, format=tarfile.PAX_FORMAT) as archive,
    ):
        for name, data in sorted(content.items()):
            entry = tarfile.TarInfo(f"{stem}/{name}")
            entry.size, entry.mtime, entry.mode = len(data), TIME, 0o644
            archive.addfile(entry, io.BytesIO(data))
    return target.name


def prepare_metadata_for_build_wheel(metadata_directory: str, _settings: Settings = None) -> str:
    """Write what a wheel's ``.dist-info`` will say; return the folder's name."""
    return _write_metadata(Path(metadata_directory), _project())


def prepare_metadata_for_build_editable(metadata_directory: str, _settings: Settings = None) -> str:
    """Write what an editable install's ``.dist-info`` will say; return the folder's name."""
    return _write_metadata(Path(metadata_directory), _development())


def _project() -> dict[str, Any]:
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return project


def _development() -> dict[str, Any]:
    """Return the project with the programs of the application, whose sources are here as well.

    A dependency on the folder of that distribution would be installed as a copy of it.
    """
    project = _project()
    application = tomllib.loads((ROOT / "src/pyproject.toml").read_text("utf-8"))["project"]
    return project | {"scripts": project["scripts"] | application["scripts"]}


def _files(path: Path) -> Iterator[Path]:
    """Yield a file, or the files below a folder in order, without what Python keeps there."""
    if path.is_file():
        yield path
        return
    for found in sorted(path.rglob("*")):
        if found.is_file() and "__pycache__" not in found.parts:
            yield found


def _file_name(project: Mapping[str, Any]) -> str:
    return str(project["name"]).replace("-", "_")


def _metadata_files(project: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the files of a wheel's ``.dist-info``, but for RECORD."""
    groups = {"console_scripts": project["scripts"], **project["entry-points"]}
    entry_points = "\n".join(
        f"[{group}]\n" + "".join(f"{name} = {what}\n" for name, what in points.items())
        for group, points in groups.items()
    )
    licences = {f"licenses/{name}": (ROOT / name).read_bytes() for name in project["license-files"]}
    wheel = f"Wheel-Version: 1.0\nGenerator: build_backend\nRoot-Is-Purelib: true\nTag: {TAG}\n"
    return {
        "METADATA": "".join(_metadata(project)).encode(),
        "WHEEL": wheel.encode(),
        "entry_points.txt": entry_points.encode(),
        **licences,
    }


def _metadata(project: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of METADATA, then the README.

    Source: https://packaging.python.org/en/latest/specifications/core-metadata/
    """
    yield f"Metadata-Version: 2.4\nName: {project['name']}\nVersion: {project['version']}\n"
    yield f"Summary: {project['description']}\nLicense-Expression: {project['license']}\n"
    yield from (f"License-File: {name}\n" for name in project["license-files"])
    yield from (f"Classifier: {name}\n" for name in project["classifiers"])
    yield from (f"Project-URL: {name}, {url}\n" for name, url in project.get("urls", {}).items())
    yield f"Requires-Python: {project['requires-python']}\n"
    yield from (f"Requires-Dist: {needed}\n" for needed in project["dependencies"])
    for extra, wanted in project["optional-dependencies"].items():
        yield f"Provides-Extra: {extra}\n"
        for needed in wanted:
            what, _, marker = needed.partition(";")
            also = f"({marker.strip()}) and " if marker else ""
            yield f'Requires-Dist: {what.strip()}; {also}extra == "{extra}"\n'
    yield "Description-Content-Type: text/markdown\n\n"
    yield (ROOT / project["readme"]).read_text("utf-8")


def _write_metadata(folder: Path, project: Mapping[str, Any]) -> str:
    made = folder / f"{_file_name(project)}-{project['version']}.dist-info"
    for name, data in _metadata_files(project).items():
        path = made / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return made.name


def _write_wheel(folder: Path, files: Mapping[str, bytes], metadata: Mapping[str, bytes]) -> str:
    project = _project()
    stem = f"{_file_name(project)}-{project['version']}"
    content = dict(files) | {f"{stem}.dist-info/{name}": data for name, data in metadata.items()}
    record = f"{stem}.dist-info/RECORD"
    lines = "".join(f"{name},{_digest(data)},{len(data)}\n" for name, data in content.items())
    content[record] = f"{lines}{record},,\n".encode()
    target = folder / f"{stem}-{TAG}.whl"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            entry = zipfile.ZipInfo(name)  # of 1980
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED)
    return target.name


def _digest(data: bytes) -> str:
    """Return a file's digest as RECORD has it."""
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
