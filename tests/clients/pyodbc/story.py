"""pyodbc: a Python program that knows a DSN and a user."""

import datetime
import decimal
import sys

import pyodbc

try:
    connection = pyodbc.connect("DSN=data;UID=alice", autocommit=True)
except pyodbc.Error as refused:
    sys.exit(f"{type(refused).__name__} {refused.args}")
for info in (pyodbc.SQL_DRIVER_NAME, pyodbc.SQL_DRIVER_VER, pyodbc.SQL_DBMS_NAME, pyodbc.SQL_USER_NAME, pyodbc.SQL_DATA_SOURCE_NAME):
    print(connection.getinfo(info))
cursor = connection.cursor()
cursor.execute("create table people (id integer primary key, name varchar(40), height numeric(5,2), born date, photo bytea)")
cursor.executemany("insert into people values (?, ?, ?, ?, ?)", [
    (1, "Zoë", decimal.Decimal("1.65"), datetime.date(1990, 2, 28), b"\0\1"),
    (2, "日本 🔑", None, None, None),
])
print(cursor.rowcount)
cursor.execute("select current_user, people.* from people where name <> ? order by id", "it's")
for column in cursor.description:
    print(column)
for row in cursor:
    print(row)
for mistake in ("select nothing from nowhere", "insert into people (id) values (1)"):
    try:
        cursor.execute(mistake)
    except pyodbc.Error as error:
        print(type(error).__name__, error.args)
print([tuple(row) for row in cursor.tables("people")])
print([row.column_name for row in cursor.columns("people")])
connection.autocommit = False
cursor.execute("delete from people")
connection.rollback()
print(cursor.execute("select count(*) from people").fetchval())
connection.autocommit = True
cursor.execute("drop table people")
connection.close()
