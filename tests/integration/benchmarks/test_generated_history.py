from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, inspect, text

from benchmarks.generated_history import write_project


def test_upgrades_to_its_own_metadata_and_back(tmp_path: Path) -> None:
    write_project(tmp_path, 80, seed=11, branches=2)
    url = f"sqlite:///{tmp_path / 'test.db'}"
    config = Config(str(tmp_path / "alembic.ini"))
    config.set_main_option("sqlalchemy.url", url)

    command.upgrade(config, "head")
    command.check(config)
    command.downgrade(config, "base")

    engine = create_engine(url)
    assert inspect(engine).get_table_names() == ["alembic_version"]
    with engine.connect() as connection:
        rest = "SELECT count(*) FROM sqlite_master WHERE tbl_name != 'alembic_version'"
        assert connection.execute(text(rest)).scalar_one() == 0
    command.upgrade(config, "head")
