"""How data scientists' packages make their engine: keywords joined to a connection string, quoted into the URL, and a listener
that has the last word on what pyodbc gets. Here the listener has no token to fetch any more."""

import sys
from urllib.parse import quote_plus

import sqlalchemy as sa
from sqlalchemy.connectors.pyodbc import PyODBCConnector
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.base import PGDialect


class PostgresOverPyodbc(PyODBCConnector, PGDialect):
    supports_statement_cache = True


registry.register("postgresql.pyodbc", "__main__", "PostgresOverPyodbc")


def without_windows(dialect, record, cargs, cparams):
    """pyodbc's own sign-in of Windows has no place here."""
    cargs[0] = cargs[0].replace(";Trusted_Connection=Yes", "")
    print(cargs, cparams)


def get_engine(**kwargs) -> sa.engine.Engine:
    connection_kwargs = {"dsn": "data", "uid": "nobody", **kwargs}
    connection_kwargs["connection timeout"] = 30
    cs = ";".join(f"{key}={value}" for key, value in connection_kwargs.items())
    engine = sa.create_engine(f"postgresql+pyodbc:///?odbc_connect={quote_plus(cs)}")
    sa.event.listens_for(engine, "do_connect")(without_windows)
    return engine


engine = get_engine(uid="alice")
try:
    connection = engine.connect()
except sa.exc.DBAPIError as refused:
    sys.exit(f"refused: {type(refused.orig).__name__} {refused.orig.args}")
connection.execute(sa.text("create table people (id integer primary key, name varchar(40))"))
connection.execute(sa.text("insert into people values (:id, :name)"), [{"id": 1, "name": "Zoë"}, {"id": 2, "name": "日本"}])
connection.commit()
print(connection.execute(sa.text("select current_user, people.* from people order by id")).mappings().all())
print(sa.inspect(engine).get_table_names())
try:
    connection.execute(sa.text("select nothing from nowhere"))
except sa.exc.ProgrammingError as error:
    print(error.orig.args)
connection.rollback()
connection.execute(sa.text("drop table people"))
connection.commit()
connection.close()
engine.dispose()
