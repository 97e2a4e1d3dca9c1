"""Qt's QODBC, by way of PyQt5: a program that knows a DSN and a user."""

import sys

from PyQt5.QtCore import QCoreApplication, QMetaType
from PyQt5.QtSql import QSqlDatabase, QSqlQuery


def tell(error) -> str:
    return " ".join([error.nativeErrorCode(), error.driverText(), error.databaseText()])


application = QCoreApplication(sys.argv)
database = QSqlDatabase.addDatabase("QODBC")
database.setDatabaseName("data")
database.setUserName("alice")
if not database.open():
    sys.exit(f"refused: {tell(database.lastError())}")
query = QSqlQuery(database)
print(query.exec("create table people (id integer primary key, name varchar(40), height numeric(5,2), born date)"))
query.prepare("insert into people values (?, ?, ?, ?)")
for row in [(1, "Zoë", "1.65", "1990-02-28"), (2, "日本 🔑", None, None)]:
    for value in row:
        query.addBindValue(value)
    print(query.exec(), query.numRowsAffected(), tell(query.lastError()))
query.prepare("select current_user, people.* from people where name <> ? order by id")
query.addBindValue("it's")
print(query.exec())
record = query.record()
for field in map(record.field, range(record.count())):
    print(field.name(), QMetaType.typeName(field.type()), field.length(), field.precision(), field.requiredStatus())
while query.next():
    print([query.value(column) for column in range(record.count())])
for mistake in ("select nothing from nowhere", "insert into people (id) values (1)"):
    print(query.exec(mistake), tell(query.lastError()))
print([table for table in database.tables() if "people" in table])
record = database.record("people")
print([record.fieldName(column) for column in range(record.count())], database.primaryIndex("people").fieldName(0))
print(database.transaction(), query.exec("delete from people"), database.rollback())
print(query.exec("select count(*) from people"), query.next(), query.value(0))
query.finish()
print(query.exec("drop table people"))
query.clear()
database.close()
