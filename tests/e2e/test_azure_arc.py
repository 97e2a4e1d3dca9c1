"""Azure Arc, which wants to be shown a file of its own: only such a file is read, whatever a service says.

The file's folder is the real one, in a file system that only the program under test sees.
"""

from __future__ import annotations

import subprocess

import pytest

from support import replies
from support.sign_in import MICROSOFT, SignIn

FOLDER = "/var/opt/azcmagent/tokens"
KEY = "0d5c-the-machines-own-key"
OWN_ROOM = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c",
            f'mount -t tmpfs none /var/opt && mkdir -p {FOLDER}/below && eval "$PREPARE" && exec "$@"', "sh")
PREPARE = (f"printf %s {KEY} > {FOLDER}/a.key; printf %s {KEY} > {FOLDER}/a.txt; printf %s {KEY} > {FOLDER}/below/a.key; "
           f"ln -s a.txt {FOLDER}/link.key; head -c 4097 /dev/zero | tr '\\0' x > {FOLDER}/long.key")


@pytest.fixture
def dsn(home, recorder, identity_provider) -> SignIn:
    if subprocess.run([*OWN_ROOM, "true"], env={**home.env, "PREPARE": "true"}, check=False, capture_output=True).returncode:
        pytest.skip("no file system of its own can be made here")
    made = SignIn(home, recorder, identity_provider, MICROSOFT)
    made.secret = KEY
    made.write({"TokenSource": "managed-identity"}, {"Server": "erp.database.windows.net"})
    url = f"{identity_provider.url}/metadata/identity/oauth2/token"
    home.env.update(IDENTITY_ENDPOINT=url, IMDS_ENDPOINT=identity_provider.url, PREPARE=PREPARE)
    return made


def challenge(realm: str) -> replies.Reply:
    return replies.status(401, "", WWW_Authenticate=realm)


@pytest.mark.parametrize("realm", [f"Basic realm={FOLDER}/a.key", f'Basic realm="{FOLDER}/a.key"'])
def test_the_file_that_arc_names_is_shown_to_it(dsn, realm):
    dsn.provider.answer(challenge(realm))
    assert dsn.connect(under=OWN_ROOM).succeeded
    first, second = dsn.provider.requests
    assert first.header("authorization") is None
    assert second.header("authorization") == f"Basic {KEY}" and second.header("metadata") == "true"
    assert first.path == second.path and 1256 in dsn.attributes


FOREIGN = {
    "another folder": "Basic realm=/etc/hostname",
    "another folder's key": f"Basic realm={FOLDER}/../../../../etc/a.key",
    "a folder below": f"Basic realm={FOLDER}/below/a.key",
    "another kind of file": f"Basic realm={FOLDER}/a.txt",
    "another scheme": f"Bearer realm={FOLDER}/a.key",
    "nothing": "Basic",
}


@pytest.mark.parametrize("realm", FOREIGN.values(), ids=FOREIGN)
def test_no_other_file_is_read_or_sent(dsn, realm):
    dsn.provider.always(challenge(realm))
    dsn.refused(dsn.connect(under=OWN_ROOM), "HY000", "it wants to be shown a file that is none of Azure Arc's")
    assert len(dsn.provider.requests) == 1


@pytest.mark.parametrize("name, words", [("link", "is a link"), ("long", "has more than 4096 bytes"), ("absent", "No such file")])
def test_what_is_no_key_of_arcs_is_not_sent(dsn, name, words):
    dsn.provider.always(challenge(f"Basic realm={FOLDER}/{name}.key"))
    dsn.refused(dsn.connect(under=OWN_ROOM), "HY000", f"Azure Arc's {name}.key, which it wants to be shown", words, "the group himds")
    assert len(dsn.provider.requests) == 1


def test_a_key_that_arc_refuses_is_a_refusal_and_never_shows(dsn):
    dsn.provider.answer(challenge(f"Basic realm={FOLDER}/a.key"), replies.oauth_error(401, "unauthorized", f"not {KEY}"))
    dsn.refused(dsn.connect(under=OWN_ROOM), "28000", "HTTP 401, unauthorized: not ***")
    assert len(dsn.provider.requests) == 2
