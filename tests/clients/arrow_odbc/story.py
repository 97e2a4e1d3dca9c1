"""arrow-odbc: Arrow's record batches out of ODBC and into it, by the Rust crate odbc-api."""

import datetime
import sys
from decimal import Decimal

import pyarrow as pa
from arrow_odbc import Error, connect, insert_into_table, read_arrow_batches_from_odbc

WHERE = {"connection_string": "DSN=data;", "user": "alice"}


def ask(sql: str, *parameters: str):
    reader = read_arrow_batches_from_odbc(sql, parameters=list(parameters), **WHERE)
    if reader.schema:
        print(reader.schema)
        for batch in reader:
            print(batch.to_pylist())


try:
    ask("create table people (id integer primary key, name varchar(40), height numeric(5,2), born date)")
except Error as refused:
    sys.exit(f"refused: {refused}")
schema = pa.schema([("id", pa.int32()), ("name", pa.string()), ("height", pa.decimal128(5, 2)), ("born", pa.date32())])
rows = pa.RecordBatch.from_pylist([
    {"id": 1, "name": "Zoë", "height": Decimal("1.65"), "born": datetime.date(1990, 2, 28)},
    {"id": 2, "name": "日本 🔑", "height": None, "born": None},
], schema=schema)
insert_into_table(reader=pa.RecordBatchReader.from_batches(schema, [rows]), table="people", chunk_size=10, **WHERE)
ask("select current_user, people.* from people where name <> ? order by id", "it's")
for mistake in ("select nothing from nowhere", "insert into people (id) values (1)"):
    try:
        ask(mistake)
    except Error as error:
        print(error)
ask("drop table people")
