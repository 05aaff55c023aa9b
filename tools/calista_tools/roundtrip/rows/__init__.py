"""Do rows survive? Sample rows made from the catalogs, followed through each step."""

from calista_tools.roundtrip.rows.access import Access, Query, Written
from calista_tools.roundtrip.rows.as_sql import insertion
from calista_tools.roundtrip.rows.declared import IRREVERSIBLE, Declaration, declarations
from calista_tools.roundtrip.rows.given_rows import GivenRows, read_given
from calista_tools.roundtrip.rows.moment import Moment
from calista_tools.roundtrip.rows.refusal import is_about_rows, is_about_values
from calista_tools.roundtrip.rows.table_model import Content, RowState, TableName
from calista_tools.roundtrip.rows.touched_tables import harmless
from calista_tools.roundtrip.rows.tracker import SampleRows
from calista_tools.roundtrip.rows.verdict import RowVerdict, judge

__all__ = [
    "IRREVERSIBLE",
    "Access",
    "Content",
    "Declaration",
    "GivenRows",
    "Moment",
    "Query",
    "RowState",
    "RowVerdict",
    "SampleRows",
    "TableName",
    "Written",
    "declarations",
    "harmless",
    "insertion",
    "is_about_rows",
    "is_about_values",
    "judge",
    "read_given",
]
