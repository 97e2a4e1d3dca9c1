"""LibreOffice Base, without a window: an office of its own, told by way of its UNO interface to open a data source over ODBC."""

import os
import subprocess
import sys
import tempfile
import time

import uno
from com.sun.star.beans import PropertyValue
from com.sun.star.connection import NoConnectException
from com.sun.star.sdbc import SQLException


def chain(error) -> str:
    said = []
    while error:
        said.append(f"{error.SQLState} {error.ErrorCode} {error.Message}")
        error = error.NextException
    return "\n".join(said)


def connected(resolver, pipe: str, office: subprocess.Popen):
    for _ in range(300):
        try:
            return resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
        except NoConnectException:
            if office.poll() is not None:
                sys.exit(f"LibreOffice ended with status {office.returncode}")
            time.sleep(0.2)
    sys.exit("LibreOffice does not come up")


def rows(result) -> None:
    about, row = result.getMetaData(), result
    columns = range(1, about.getColumnCount() + 1)
    print([(about.getColumnName(column), about.getColumnTypeName(column), about.getPrecision(column)) for column in columns])
    while row.next():
        print([None if row.wasNull() else value for value in map(row.getString, columns)])


def story(context) -> int:
    base = context.ServiceManager.createInstanceWithContext("com.sun.star.sdb.DatabaseContext", context)
    source = base.createInstance()
    source.URL, source.User = "sdbc:odbc:data", "alice"
    source.Info = (PropertyValue("CharSet", 0, "utf-8", 0),)
    try:
        connection = source.getConnection("alice", "")
    except SQLException as refused:
        print("refused:", chain(refused), file=sys.stderr)
        return 1
    about = connection.getMetaData()
    print(about.getDatabaseProductName(), about.getDriverName(), about.getDriverVersion(), about.getUserName())
    statement = connection.createStatement()
    statement.execute("create table people (id integer primary key, name varchar(40), height numeric(5,2), born varchar(10))")
    insert = connection.prepareStatement("insert into people values (?, ?, ?, ?)")
    for number, name, height, born in [(1, "Zoë", "1.65", "1990-02-28"), (2, "日本", "1.9", "long ago")]:
        insert.setInt(1, number)
        insert.setString(2, name)
        insert.setString(3, height)
        insert.setString(4, born)
        print(insert.executeUpdate())
    rows(statement.executeQuery("select current_user, people.* from people order by id"))
    for mistake in ("select nothing from nowhere", "insert into people (id) values (1)"):
        try:
            statement.execute(mistake)
        except SQLException as error:
            print(chain(error))
    rows(about.getTables(None, "public", "people", ("TABLE",)))
    statement.execute("drop table people")
    connection.close()
    return 0


with tempfile.TemporaryDirectory() as folder:
    pipe = f"tokenshim-{os.getpid()}"
    office = subprocess.Popen(["soffice", "--headless", "--norestore", "--nologo", "--nodefault", f"-env:UserInstallation=file://{folder}",
                               f"--accept=pipe,name={pipe};urp;"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        local = uno.getComponentContext()
        resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
        context = connected(resolver, pipe, office)
        status = story(context)
        context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context).terminate()
        office.wait(60)
    finally:
        office.kill()
sys.exit(status)
