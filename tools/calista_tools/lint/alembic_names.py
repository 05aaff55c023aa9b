"""Which operations has Alembic, and which do the plug-ins that are known add to them?

Source: `dir()` of `alembic.op`, `BatchOperations` and a `MigrationContext` in Alembic 1.13.0, 1.14.1,
1.15.2, 1.16.5, 1.18.4 and 1.20.1: what any of them has is known. Of SQLAlchemy `dir(sqlalchemy)` in
1.4.54, 2.0.0, 2.0.45 and 2.1.9. A test compares the lists with what is installed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.lint.scopes import BATCH, CONTEXT, OP, SQLALCHEMY

if TYPE_CHECKING:
    from collections.abc import Mapping

_EVERYWHERE = """
add_column alter_column batch_alter_table context create_check_constraint create_exclude_constraint
create_foreign_key create_index create_module_class_proxy create_primary_key create_table_comment
create_unique_constraint drop_column drop_constraint drop_index drop_table_comment execute f get_bind
get_context implementation_for inline_literal invoke register_operation run_async
"""
_OP = f"""{_EVERYWHERE} Operations bulk_insert create_table drop_table rename_table"""
_BATCH = f"""{_EVERYWHERE} impl migration_context schema_obj"""
_CONTEXT = """
as_sql autocommit_block begin_transaction bind config configure connection dialect environment_context
execute get_current_heads get_current_revision impl on_version_apply_callbacks opts output_buffer purge
run_migrations script stamp transactional_ddl version_table version_table_schema
"""
_SQLALCHEMY = """
ARRAY AdaptedConnection AggregateOrderBy Alias AliasedReturnsRows Any AssertionPool
AsyncAdaptedQueuePool BIGINT BINARY BLANK_SCHEMA BLOB BOOLEAN BaseDDLElement BaseRow
BigInteger BinaryExpression BindParameter BindTyping Boolean BooleanClauseList CHAR CLOB CTE
CacheKey Case Cast CheckConstraint CheckFirst ChunkedIteratorResult ClauseElement ClauseList
CollectionAggregate Column ColumnClause ColumnCollection ColumnDefault ColumnElement
ColumnExpressionArgument ColumnOperators Compiled CompoundSelect Computed Connection
Constraint CreateEnginePlugin CreateTable CreateTableAs CreateView CursorResult DATE
DATETIME DDL DDLElement DECIMAL DOUBLE DOUBLE_PRECISION Date DateTime DefaultClause Delete
Dialect Double DropTable DropView Engine Enum ExceptionContext Executable
ExecutableDDLElement ExecutionContext Exists Extract FLOAT FallbackAsyncAdaptedQueuePool
False_ FetchedValue Float ForeignKey ForeignKeyConstraint ForeignKeyTarget FrameClause
FrameClauseType FromClause FromGrouping FrozenResult Function FunctionElement FunctionFilter
GenerativeSelect Grouping HasCTE HasPrefixes HasSuffixes INT INTEGER Identity Index Insert
Inspector Integer Interval IteratorResult JSON Join LABEL_STYLE_DEFAULT
LABEL_STYLE_DISAMBIGUATE_ONLY LABEL_STYLE_NONE LABEL_STYLE_TABLENAME_PLUS_COL Label
LambdaElement LargeBinary Lateral MappingResult MergedResult MetaData NCHAR NUMERIC NVARCHAR
Named NestedTransaction NotNullable Null NullPool Nullable Numeric NumericCommon Operators
OrderByList Over PickleType Pool PoolProxiedConnection PoolResetState PrimaryKeyConstraint
QueuePool REAL ReleaseSavepointClause Result ResultProxy ReturnsRows
RollbackToSavepointClause RootTransaction Row RowMapping SMALLINT SQLColumnExpression
SavepointClause ScalarResult ScalarSelect Select SelectBase SelectLabelStyle Selectable
Sequence SingleonThreadPool SingletonThreadPool SmallInteger StatementLambdaElement
StaticPool String Subquery TEXT TIME TIMESTAMP TString Table TableClause TableSample
TableValuedAlias TableValuedColumn Text TextAsFrom TextClause TextualSelect
ThreadLocalMetaData Time Transaction True_ TryCast Tuple TupleType TwoPhaseTransaction
TypeClause TypeCoerce TypeCompiler TypeDecorator TypedColumns URL UUID UnaryExpression
Unicode UnicodeText UniqueConstraint Update UpdateBase Uuid VARBINARY VARCHAR Values
ValuesBase Visitable WithinGroup aggregate_order_by alias all_ and_ annotations any_ asc
between bindparam bitwise_not case cast cimmutabledict collate column cprocessors
create_engine create_mock_engine create_pool_from_url cresultproxy cte custom_op cyextension
delete desc dialects distinct engine engine_from_config event events exc except_ except_all
exists ext extract false from_dml_column func funcfilter future insert insert_sentinel
inspect inspection intersect intersect_all join label lambda_stmt lateral literal
literal_column log make_url modifier not_ null nulls_first nulls_last nullsfirst nullslast
or_ orm outerjoin outparam over pool processors quoted_name result_tuple schema select sql
subquery table tablesample testing text true try_cast tstring tuple_ type_coerce types union
union_all update util values within_group connectors databases
"""
KNOWN: Mapping[str, frozenset[str]] = {
    OP: frozenset(_OP.split()),
    BATCH: frozenset(_BATCH.split()),
    CONTEXT: frozenset(_CONTEXT.split()),
    SQLALCHEMY: frozenset(_SQLALCHEMY.split()),
}

#: What plug-ins register, by their package.
OF_PLUGINS: Mapping[str, frozenset[str]] = {
    "alembic_utils": frozenset(["create_entity", "drop_entity", "replace_entity", "revert_entity"]),
    "geoalchemy2": frozenset(
        [f"{verb}_geospatial_{what}" for verb in ("create", "drop") for what in ("table", "index")]
        + ["add_geospatial_column", "drop_geospatial_column"]
    ),
    "alembic_postgresql_enum": frozenset(["sync_enum_values"]),
}

#: How Alembic does what is called otherwise elsewhere.
INSTEAD: Mapping[str, str] = {
    "rename_column": "alter_column(…, new_column_name=…)",
    "change_column": "alter_column",
    "modify_column": "alter_column",
    "alter_table": "batch_alter_table",
    "add_table": "create_table",
    "remove_column": "drop_column",
    "add_index": "create_index",
    "rename_index": "execute",
    "rename_constraint": "execute",
    "add_constraint": "create_check_constraint",
    "create_constraint": "create_check_constraint",
    **dict.fromkeys(
        ("drop_foreign_key", "drop_unique_constraint", "drop_check_constraint", "drop_primary_key",
         "drop_exclude_constraint"),
        "drop_constraint",
    ),
    **{
        f"{verb}_{what}": "execute"
        for verb in ("create", "drop", "alter", "replace", "refresh")
        for what in ("view", "materialized_view", "function", "trigger", "type", "enum", "extension",
                     "sequence", "schema", "policy")
    },
}  # fmt: skip
