"""ceODBC: a Python program that knows a DSN and a user."""

import sys

import ceODBC

try:
    connection = ceODBC.connect("DSN=data;UID=alice", autocommit=True)
except ceODBC.Error as refused:
    sys.exit(f"refused: {type(refused).__name__} {refused}")
cursor = connection.cursor()
cursor.execute("create table people (id integer primary key, name varchar(40), height numeric(5,2), born date)")
for row in [(1, "Zoë", "1.65"), (2, "日本", None)]:
    cursor.execute("insert into people values (?, ?, ?, null)", *row)
cursor.execute("select current_user, people.* from people where name <> ? order by id", "it's")
for column in cursor.description:
    print(column)
for row in cursor:
    print(row)
for mistake in ("select nothing from nowhere", "insert into people (id) values (1)"):
    try:
        cursor.execute(mistake)
    except ceODBC.Error as error:
        print(type(error).__name__, error)
print(list(connection.tables(table="people")))
cursor.execute("drop table people")
cursor.close()
connection.close()
