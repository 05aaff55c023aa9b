"""Which names do constraints and indexes get? The policy's convention, as ``MetaData``."""

from __future__ import annotations

from sqlalchemy import MetaData

#: Design, section 4. The toolkit's defaults say the same; a test holds the two together.
NAMING_CONVENTION = {
    "pk": "pk_%(table_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_label)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}

metadata = MetaData(naming_convention=NAMING_CONVENTION)
