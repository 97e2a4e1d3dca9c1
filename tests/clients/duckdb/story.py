"""DuckDB's extension odbc_scanner: rows of another database inside DuckDB's own SQL."""

import sys

import duckdb
from duckdb_extensions import import_extension

import_extension("odbc_scanner")
database = duckdb.connect()
database.execute("load odbc_scanner")
try:
    database.execute("set variable connection = odbc_connect('DSN=data;UID=alice')")
except duckdb.Error as refused:
    sys.exit(f"refused: {refused}")


def ask(sql: str) -> None:
    try:
        rows = database.sql("from odbc_query(getvariable('connection'), $sql)", params={"sql": sql})
        print(rows.columns, rows.types)
        for row in rows.fetchall():
            print(row)
    except duckdb.Error as error:
        print(type(error).__name__, error)


ask("create table people (id integer primary key, name varchar(40), height numeric(5,2), born date)")
ask("insert into people values (1, 'Zoë', 1.65, '1990-02-28'), (2, '日本 🔑', null, null)")
ask("select current_user, people.* from people order by id")
ask("select nothing from nowhere")
ask("insert into people (id) values (1)")
ask("drop table people")
database.execute("select odbc_close(getvariable('connection'))")
