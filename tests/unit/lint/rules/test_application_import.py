import pytest

from tests.unit.lint.project import Lint, as_file

APP = 'application-packages = ["app", "shop.core"]'


@pytest.mark.parametrize(
    "statement",
    [
        "import app",
        "import app.models",
        "import os, app.models",
        "import app as application",
        "from app import models",
        "from app.models import Note as N",
        "from shop.core.models import Item",
        "def helper():\n    from app.models import Note",
        "try:\n    import app\nexcept ImportError:\n    app = None",
        "if True:\n    import app",
        "from . import helpers",
        "from ..models import Note",
        'import importlib\nmodels = importlib.import_module("app.models")',
        'from importlib import import_module\nmodels = import_module("app")',
        'models = __import__("app.models")',
    ],
)
def test_reports(statement: str, lint: Lint) -> None:
    source = as_file(f"{statement}\n\n\ndef upgrade():\n    pass\n")
    [found] = lint("CAL005", source, APP)
    assert "import" in source.splitlines()[found.finding.row - 1]


@pytest.mark.parametrize(
    "statement",
    [
        "import application",
        "import appdirs",
        "from apps import models",
        "import shopping",
        "import json, uuid",
        "from alembic import context, op",
        "import sqlalchemy_utils",
        'text = "import app"',
        "# from app import models",
        "if TYPE_CHECKING:\n    from app.models import Note",
        "import typing\nif typing.TYPE_CHECKING:\n    import app",
        "app = 1",
        'import importlib\nuuid = importlib.import_module("uuid")',
        'import importlib\nhelper = importlib.import_module(f"{__package__}.app")',
        'uuid = __import__("uuid"); app = 1',
    ],
)
def test_leaves_alone(statement: str, lint: Lint) -> None:
    source = as_file(f"{statement}\n\n\ndef upgrade():\n    pass\n")
    assert lint("CAL005", source, APP) == []


def test_packages_beside_pyproject_are_application_code(lint: Lint) -> None:
    files = {
        "20250826_1030_a.py": as_file("import shop.models\ndef upgrade(): pass\n"),
        "../../shop/__init__.py": "",
        "../../shop/models.py": "",
    }
    [found] = lint("CAL005", files)
    assert "`shop.models`" in found.finding.message


def test_code_beside_the_revisions_is_none_of_the_applications(lint: Lint) -> None:
    files = {
        "20250826_1030_a.py": as_file("from migrations.helpers import x\ndef upgrade(): pass\n"),
        "../__init__.py": "",
        "../helpers.py": "x = 1",
    }
    assert lint("CAL005", files) == []
