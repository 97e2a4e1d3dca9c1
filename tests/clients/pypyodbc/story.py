"""pypyodbc: ODBC from Python by ctypes alone."""

import sys

import pypyodbc

try:
    connection = pypyodbc.connect("DSN=data;UID=alice", autocommit=True)
except pypyodbc.Error as refused:
    sys.exit(f"refused: {type(refused).__name__} {refused.args}")
print(connection.getinfo(pypyodbc.SQL_DBMS_NAME), connection.getinfo(pypyodbc.SQL_DRIVER_NAME))
cursor = connection.cursor()
cursor.execute("create table people (id integer primary key, name varchar(40), height numeric(5,2), born date)")
for row in [(1, "Zoë"), (2, "日本")]:
    cursor.execute("insert into people (id, name) values (?, ?)", row)
    print(cursor.rowcount)
cursor.execute("select current_user, people.* from people where name <> ? order by id", ["it's"])
for column in cursor.description:
    print(column)
for row in cursor.fetchall():
    print(tuple(row))
for mistake in ("select nothing from nowhere", "insert into people (id) values (1)"):
    try:
        cursor.execute(mistake)
    except pypyodbc.Error as error:
        print(type(error).__name__, error.args)
print([tuple(row) for row in cursor.tables(table="people").fetchall()])
cursor.execute("drop table people")
cursor.close()
connection.close()
