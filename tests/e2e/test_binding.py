"""Each name of the driver library is NULL where the real driver has none, the real driver's own address where
tokenshim has nothing to do, and a hook in few places."""

from __future__ import annotations

import re

import pytest

from support import drivers, recorder
from support.odbc_client import dlsym_table
from support.odbc_home import REPOSITORY
from test_libraries import exported

REAL = {
    "psqlodbcw": lambda: drivers.PSQLODBCW,
    "psqlodbca": lambda: drivers.PSQLODBCA,
    "sqlite": lambda: drivers.SQLITE,
    "mariadb": lambda: drivers.MARIADB,
    "freetds": lambda: drivers.FREETDS,
    "msodbcsql": lambda: drivers.microsoft(),
}


def names() -> dict[str, bool]:
    """Every name of the driver library's table, and whether it may be hooked, whatever the driver."""
    rows = re.findall(r"^    (\w+)((?: \w+)*);$", (REPOSITORY / "driver/src/names.rs").read_text(), re.M)
    of_statements = statement_names()
    return {name: "hook" in choices.split() and name not in of_statements for name, choices in rows}


def statement_names() -> set[str]:
    """Those that may be hooked only of a driver whose open connections get new tokens."""
    abi = (REPOSITORY / "src/binding/abi.rs").read_text()
    return set(re.findall(r"\b(SQL\w+) (?:Plain|A|W)\b", abi[abi.index("macro_rules! for_each_statement_hook"):]))


@pytest.mark.parametrize("now", [False, True], ids=["lazy", "LD_BIND_NOW"])
@pytest.mark.parametrize("real", REAL)
def test_every_name_is_null_or_the_real_drivers_own_but_for_the_hooks(home, real, now):
    driver = REAL[real]()
    shim = home.shim()
    home.write({"Real": {"Driver": shim, "RealDriver": driver}})
    table = dlsym_table(home.env, shim, driver, list(names()), now=now)
    assert len(table) >= 180
    allowed = {True: {"absent", "different"}, False: {"absent", "equal"}}
    wrong = {name: table[name] for name, hooked in names().items() if table[name] not in allowed[hooked]}
    assert wrong == {}
    hooks = [name for name, state in table.items() if state == "different"]
    assert {"SQLDisconnect", "SQLFreeHandle"} <= set(hooks) and len(hooks) <= 27, hooks
    # Nothing that an application calls once it is connected and all is well.
    assert not {"SQLFetch", "SQLGetData", "SQLExecDirect", "SQLExecDirectW", "SQLAllocHandle", "SQLCancel"} & set(hooks)


@pytest.mark.parametrize("name, section, source, hooked", [
    ("libsparkodbc_sb64.so", {}, {}, True),
    ("libsparkodbc_sb64.so", {"TokenLive": "no"}, {}, False),
    ("libsparkodbc_sb64.so", {"TokenLive": "no"}, {"TokenLive": "yes"}, True),
    ("libsparkodbc_sb64.so", {"TokenProfile": "password"}, {}, False),
    ("librecorder.so", {}, {}, False),
    ("librecorder.so", {"TokenLive": "yes"}, {}, True),
    ("librecorder.so", {"TokenProfile": "databricks"}, {}, True),
    ("librecorder.so", {}, {"TokenProfile": "Databricks"}, True),
    ("librecorder.so", {"TokenLive": "maybe"}, {"TokenLive": "no"}, False),
])
def test_the_functions_of_statements_have_hooks_only_where_open_connections_get_new_tokens(home, name, section, source, hooked):
    driver, shim = recorder.compile("both", name), home.shim()
    home.write({"Real": {"Driver": shim, "RealDriver": driver, **section}}, {"data": {"Driver": "Real", **source}, "other": {"Driver": "Else", "TokenLive": "yes"}})
    table = dlsym_table(home.env, shim, driver, list(names()))
    of_statements = statement_names()
    assert {"SQLExecute", "SQLExecDirectW", "SQLTables", "SQLAllocHandle", "SQLFreeStmt"} <= of_statements and len(of_statements) >= 40
    assert {table[each] for each in of_statements} - {"absent"} == {"different" if hooked else "equal"}
    assert {table[each] for each in ("SQLFetch", "SQLGetData", "SQLCancel", "SQLMoreResults", "SQLNumResultCols")} == {"equal"}


@pytest.mark.parametrize("library, at_least", [("libodbc.so.2", 150), ("libiodbc.so.2", 100)])
def test_the_table_has_every_name_that_a_driver_manager_looks_up(library, at_least):
    """A driver manager holds the names it looks up as text."""
    held = (drivers.LIBRARIES / library).read_bytes().split(b"\0")
    held = {text.decode() for text in held if re.fullmatch(rb"SQL(?:[A-Z][a-z]+)+[AW]?", text)}
    # What driver managers hold besides: the installer library's functions, and iODBC's and unixODBC's own.
    other = re.compile("SQL(GetPrivateProfile|Write|Remove|Install|Config|Post|SetConfig|GetConfig|GetInstalled|Get_|Manage|ReadFile|Valid|Create)")
    missing = {name for name in held if name not in names() and not other.match(name)}
    assert len(held & set(names())) >= at_least
    # These two libodbc.so exports, but asks no driver for.
    assert missing <= {"SQLSetDescRecW", "SQLSetStmtOptionW"}, missing


@pytest.mark.parametrize("real", REAL)
def test_the_table_has_every_name_that_a_real_driver_offers(real):
    """But for two that nobody looks up: psqlodbc's, and one that stands in no driver manager's table."""
    offered = {name for name in exported(REAL[real]()) if re.match("SQL[A-Z]|bcp_|Config(DSN|Driver)|ODBCINST", name)}
    assert len(offered) > 60
    assert offered - names().keys() <= {"SQLDummyOrdinal", "SQLSetDescRecW"}
