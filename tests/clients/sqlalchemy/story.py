"""SQLAlchemy over pyodbc, on PostgreSQL (a dialect of four lines) or, with the word `mysql`, on MariaDB (its own dialect)."""

import datetime
import sys
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.connectors.pyodbc import PyODBCConnector
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.base import PGDialect


class PostgresOverPyodbc(PyODBCConnector, PGDialect):
    supports_statement_cache = True
    use_insertmanyvalues = False


registry.register("postgresql.pyodbc", __name__, "PostgresOverPyodbc")
backend = sys.argv[1] if len(sys.argv) > 1 else "postgresql"
engine = sa.create_engine(f"{backend}+pyodbc://alice@data")
people = sa.Table("people", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
                  sa.Column("name", sa.String(40)), sa.Column("height", sa.Numeric(5, 2)), sa.Column("born", sa.Date), mysql_charset="utf8mb4")
try:
    connection = engine.connect()
except sa.exc.DBAPIError as refused:
    sys.exit(f"refused: {type(refused.orig).__name__} {refused.orig.args}")
print(connection.dialect.name, connection.dialect.server_version_info)
people.create(connection)
connection.execute(sa.insert(people), [
    {"id": 1, "name": "Zoë", "height": Decimal("1.65"), "born": datetime.date(1990, 2, 28)},
    {"id": 2, "name": "日本", "height": None, "born": None},
])
connection.commit()
for row in connection.execute(sa.select(sa.func.current_user(), people).where(people.c.name != "it's").order_by(people.c.id)):
    print(row)
for mistake in (sa.text("select nothing from nowhere"), sa.insert(people).values(id=1)):
    try:
        connection.execute(mistake)
    except sa.exc.DBAPIError as error:
        print(type(error).__name__, error.orig.args)
    connection.rollback()
connection.execute(sa.delete(people))
connection.rollback()
print(connection.execute(sa.select(sa.func.count()).select_from(people)).scalar())
print(sa.inspect(connection).get_table_names())
people.drop(connection)
connection.commit()
connection.close()
