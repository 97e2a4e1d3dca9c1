"""`az login --identity`: a machine's managed identity at the Azure CLI, which has one tenant and lets nobody name it."""

from __future__ import annotations

import pytest

from support.odbc_client import call, run_client

TENANT = ["--tenant", "contoso.example"]


@pytest.mark.parametrize("user, kind, tenant", [
    ("systemAssignedIdentity", "servicePrincipal", []),
    ("userAssignedIdentity", "servicePrincipal", []),
    ("11111111-2222-3333-4444-555555555555", "servicePrincipal", TENANT),
    ("me@example.com", "user", TENANT),
])
def test_only_who_may_have_several_tenants_is_asked_for_one(home, az, recorder, user, kind, tenant):
    az.keep_users(home.user, user, kind=kind)
    home.write({"SQL": {"Driver": home.shim(), "RealDriver": recorder.compile("wide", "libmsodbcsql-18.6.so.2.1"), "TokenSource": "azure-cli",
                        "TokenTenant": "contoso.example"}}, {"d": {"Driver": "SQL", "Server": "db.example.com"}})
    [step] = run_client(home, [call("SQLDriverConnectW", string="DSN=d")])
    assert step.succeeded, step
    assert [each["argv"][5:] for each in az.calls] == [["https://database.windows.net", *tenant]]
