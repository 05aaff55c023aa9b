"""Defects beside healthy revisions that look like them, as one history for each backend."""

from tests.integration.roundtrip.pairs.on_postgresql import ON_POSTGRESQL
from tests.integration.roundtrip.pairs.on_sqlite import ON_SQLITE
from tests.integration.roundtrip.pairs.one_way import ONE_WAY
from tests.integration.roundtrip.pairs.partitions import PARTITIONS
from tests.integration.roundtrip.pairs.written import WRITTEN

PAIRS = {
    **{f"part_{name}": pair for name, pair in PARTITIONS.items()},
    **WRITTEN,
    **ONE_WAY,
    **ON_SQLITE,
    **ON_POSTGRESQL,
}
