"""A client that shows who it is by a signature: what it signs, with what, and that another implementation believes it."""

from __future__ import annotations

import base64
import datetime
import json
import time

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from support import replies
from support.device_code import COMPLETE, NOPROMPT, connect, device_keys, passwords
from support.device_provider import DevicePeople
from support.odbc_client import run_client
from support.oidc_provider import OidcProvider
from support.sign_in import MICROSOFT, SECRET, SPARK, SignIn

ENTRAS_PATH, OTHER_PATH = "/contoso/oauth2/v2.0/token", "/token"
PKCS8, TRADITIONAL = PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL  # PKCS#1, or SEC1
TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
RSA, P256, P384, ED25519 = (
    rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP384R1()),
    ed25519.Ed25519PrivateKey.generate())


def key_pem(key, form=PKCS8, encryption=NoEncryption()) -> bytes:
    return key.private_bytes(Encoding.PEM, form, encryption)


def certificate(key) -> x509.Certificate:
    name, now = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "reporting")]), datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + datetime.timedelta(days=1))
    return made.sign(key, None if key is ED25519 else hashes.SHA256())


def pem_of(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)


@pytest.fixture
def dsn(home, recorder, identity_provider, tmp_path) -> SignIn:
    made = SignIn(home, recorder, identity_provider, MICROSOFT)
    made.file = tmp_path / "client.pem"
    made.file.touch(0o600)
    made.keys = {"TokenSource": "client-credentials", "TokenClientId": "app", "TokenScope": "s", "TokenClientCertificate": made.file}
    return made


def signed_with(dsn: SignIn, content: bytes, path: str, **more):
    """Connects with what is in the file, and returns header, claims and signature of what was sent, and the rest of the form."""
    dsn.file.write_bytes(content)
    dsn.write({**dsn.keys, "TokenEndpoint": dsn.provider.url + path, **more})
    assert dsn.connect().succeeded
    request = dsn.provider.requests[-1]
    assert request.header("authorization") is None
    form = dict(request.form)
    said, _, signature = form.pop("client_assertion").rpartition(".")
    header, claims = (json.loads(decoded(part)) for part in said.split("."))
    return header, claims, said.encode(), decoded(signature), form


def decoded(text: str) -> bytes:
    assert "=" not in text
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def verify(algorithm: str, key, said: bytes, signature: bytes) -> None:
    """As RFC 7518, section 3, and RFC 8037 have it."""
    public = key.public_key()
    match algorithm:
        case "RS256":
            public.verify(signature, said, padding.PKCS1v15(), hashes.SHA256())
        case "PS256":
            public.verify(signature, said, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
        case "ES256" | "ES384":
            half = {"ES256": 32, "ES384": 48}[algorithm]
            assert len(signature) == 2 * half
            r, s = (int.from_bytes(part) for part in (signature[:half], signature[half:]))
            public.verify(encode_dss_signature(r, s), said, ec.ECDSA({32: hashes.SHA256, 48: hashes.SHA384}[half]()))
        case "EdDSA":
            public.verify(signature, said)
        case _:
            raise AssertionError(algorithm)


# -- What is signed


@pytest.mark.parametrize("key, form, path, algorithm", [
    (RSA, PKCS8, ENTRAS_PATH, "PS256"),
    (RSA, TRADITIONAL, ENTRAS_PATH, "PS256"),
    (RSA, PKCS8, OTHER_PATH, "RS256"),
    (RSA, TRADITIONAL, OTHER_PATH, "RS256"),
    (P256, PKCS8, OTHER_PATH, "ES256"),
    (P256, TRADITIONAL, OTHER_PATH, "ES256"),
    (P384, PKCS8, OTHER_PATH, "ES384"),
    (P384, TRADITIONAL, OTHER_PATH, "ES384"),
    (ED25519, PKCS8, OTHER_PATH, "EdDSA"),
])
def test_another_implementation_verifies_the_signature(dsn, key, form, path, algorithm):
    own = certificate(key)
    before = int(time.time())
    header, claims, said, signature, rest = signed_with(dsn, pem_of(own) + key_pem(key, form), path)
    thumbprint = base64.urlsafe_b64encode(own.fingerprint(hashes.SHA256())).decode().rstrip("=")
    assert header == {"alg": algorithm, "typ": "JWT", "x5t#S256": thumbprint}
    verify(algorithm, key, said, signature)
    with pytest.raises(InvalidSignature):
        verify(algorithm, key, said + b"x", signature)
    issued = claims.pop("iat")
    assert before <= issued <= time.time() and claims.pop("exp") == issued + 600 and len(claims.pop("jti")) >= 16
    assert claims == {"aud": dsn.provider.url + path, "iss": "app", "sub": "app"}
    assert rest == {"client_id": "app", "grant_type": "client_credentials", "scope": "s", "client_assertion_type": TYPE}


def test_each_request_has_a_signature_of_its_own(dsn):
    claims = [signed_with(dsn, key_pem(P256), OTHER_PATH)[1] for _ in range(2)]
    assert claims[0]["jti"] != claims[1]["jti"]


def test_a_key_alone_is_enough_for_a_provider_that_knows_it(dsn):
    header, _, said, signature, _ = signed_with(dsn, key_pem(RSA), OTHER_PATH)
    assert header == {"alg": "RS256", "typ": "JWT"}
    verify("RS256", RSA, said, signature)


def test_the_keys_own_certificate_may_stand_anywhere_in_the_file(dsn):
    issuer, own = certificate(P256), certificate(RSA)
    header, *_ = signed_with(dsn, pem_of(issuer) + key_pem(RSA) + pem_of(own), ENTRAS_PATH)
    assert header["x5t#S256"] == base64.urlsafe_b64encode(own.fingerprint(hashes.SHA256())).decode().rstrip("=")


def test_databricks_in_azure_takes_a_certificate_at_entra_alone(home, recorder, identity_provider, dsn):
    spark = SignIn(home, recorder, identity_provider, SPARK)
    dsn.file.write_bytes(pem_of(certificate(RSA)) + key_pem(RSA))
    keys = {**dsn.keys, "TokenScope": "", "TokenTenant": "contoso"}
    spark.write(keys, {"Host": "adb-1.2.azuredatabricks.net"})
    assert spark.connect(env={"AZURE_AUTHORITY_HOST": identity_provider.url}).succeeded
    form = dict(identity_provider.requests[-1].form)
    assert form["scope"] == "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d/.default" and form["client_assertion_type"] == TYPE
    identity_provider.forget()
    spark.write({**keys, "TokenTenant": ""}, {"Host": "adb-1.2.azuredatabricks.net"})
    spark.refused(spark.connect(), "HY000", "TokenTenant is missing, which TokenClientCertificate needs with Databricks in Azure")
    assert identity_provider.requests == []


def jwk(key) -> dict[str, str]:
    """What a provider is told of a key (RFC 7518, section 6)."""
    def number(value: int) -> str:
        return base64.urlsafe_b64encode(value.to_bytes((value.bit_length() + 7) // 8)).decode().rstrip("=")

    public = key.public_key().public_numbers()
    if isinstance(key, rsa.RSAPrivateKey):
        return {"kty": "RSA", "n": number(public.n), "e": number(public.e)}
    return {"kty": "EC", "crv": "P-256", "x": base64.urlsafe_b64encode(public.x.to_bytes(32)).decode().rstrip("="),
            "y": base64.urlsafe_b64encode(public.y.to_bytes(32)).decode().rstrip("=")}


@pytest.mark.parametrize("key", [RSA, P256], ids=["RSA", "P-256"])
def test_an_oauth_server_that_nobody_here_wrote_believes_it(ways, start, dsn, key):
    other = rsa.generate_private_key(65537, 2048)
    provider = start(OidcProvider("private_key_jwt", jwks={"keys": [jwk(other), jwk(key)]}))
    keys = {**provider.keys("client-credentials"), "TokenClientCertificate": dsn.file, "TokenClientSecret": ""}
    ways.record(keys)
    dsn.file.write_bytes(key_pem(key))
    assert run_client(ways.shim, [connect(NOPROMPT)])[0].succeeded
    [token] = passwords(ways)
    assert provider.says(token)["client_id"] == "machine"
    dsn.file.write_bytes(key_pem(ec.generate_private_key(ec.SECP256R1())))
    [record] = run_client(ways.shim, [connect(NOPROMPT)])[0].records
    assert record.state == "28000" and "invalid_client" in record.message


def test_a_client_that_people_sign_in_to_signs_each_of_its_requests(ways, identity_provider, dsn):
    people = DevicePeople(identity_provider)
    dsn.file.write_bytes(key_pem(P256))
    ways.record({**device_keys(people), "TokenClientCertificate": dsn.file})
    assert run_client(ways.shim, [connect(COMPLETE)])[0].succeeded and run_client(ways.shim, [connect(NOPROMPT)])[0].succeeded
    requests = [*people.requests("/device"), *people.requests("/token")]
    assert len(requests) >= 3
    for request in requests:
        form = dict(request.form)
        said, _, signature = form["client_assertion"].rpartition(".")
        verify("ES256", P256, said.encode(), decoded(signature))
        assert json.loads(decoded(said.split(".")[1]))["aud"] == identity_provider.url + request.path
        assert form["client_assertion_type"] == TYPE and request.header("authorization") is None


@pytest.mark.parametrize("source", ["device-code", "authorization-code"])
def test_a_key_goes_to_no_tenant_of_a_connection_strings_by_which_people_sign_in(dsn, source):
    dsn.file.write_bytes(key_pem(P256))
    dsn.write({**dsn.keys, "TokenSource": source, "TokenTenant": "t"})
    words = "TokenTenant may not stand in a connection string"
    dsn.refused_unheard(run_client(dsn.home, [connect(COMPLETE, "DSN=app;TokenTenant=theirs")])[0], "28000", words)
    dsn.refused_unheard(dsn.connect(), "28000", "nobody is signed in to login.microsoftonline.com")


@pytest.mark.parametrize("mood", [replies.status(503), replies.hang_up], ids=["busy", "hangs up"])
def test_each_try_has_a_signature_of_its_own(dsn, mood):
    """A provider takes one once only, and may have taken it before it failed."""
    dsn.provider.answer(mood)
    dsn.file.write_bytes(key_pem(P256))
    dsn.write({**dsn.keys, "TokenEndpoint": dsn.provider.url + OTHER_PATH, "TokenTimeout": 20})
    assert dsn.connect().succeeded
    assertions = [dict(request.form)["client_assertion"] for request in dsn.provider.requests]
    first, second = (json.loads(decoded(assertion.split(".")[1])) for assertion in assertions)
    assert first["jti"] != second["jti"] and first["iat"] <= second["iat"]
    assert {**first, "jti": 0, "iat": 0, "exp": 0} == {**second, "jti": 0, "iat": 0, "exp": 0}


# -- Which of them counts


def test_a_certificate_counts_before_a_secret_of_the_same_place(dsn):
    *_, rest = signed_with(dsn, key_pem(P256), OTHER_PATH, TokenClientSecret=SECRET)
    assert "client_secret" not in rest


def test_an_applications_own_secret_counts_before_a_sections_certificate(dsn):
    dsn.file.write_bytes(key_pem(P256))
    dsn.write({**dsn.keys, "TokenEndpoint": f"{dsn.provider.url}/token", "TokenClientAuth": "post"})
    assert dsn.connect(f"DSN=app;TokenClientSecret={SECRET}").succeeded
    form = dict(dsn.provider.requests[-1].form)
    assert form["client_secret"] == SECRET and "client_assertion" not in form


def test_a_connection_string_names_no_certificate(dsn):
    dsn.write({**dsn.keys, "TokenEndpoint": f"{dsn.provider.url}/token", "TokenClientCertificate": ""})
    step = dsn.connect(f"DSN=app;TokenClientCertificate={dsn.file};TokenClientSecret=s")
    dsn.refused_unheard(step, "28000", "TokenClientCertificate may not stand in a connection string")


# -- What is refused

FOREIGN = pem_of(certificate(P256))
UNUSABLE = {
    "nothing": (b"", "holds no private key in PEM"),
    "a certificate alone": (pem_of(certificate(RSA)), "holds no private key in PEM"),
    "a damaged key": (b"-----BEGIN PRIVATE KEY-----\nAA*=\n-----END PRIVATE KEY-----\n", "holds no private key in PEM"),
    "an encrypted key": (key_pem(RSA, PKCS8, BestAvailableEncryption(b"p")), "holds an encrypted key"),
    "an encrypted key of the old form": (key_pem(RSA, TRADITIONAL, BestAvailableEncryption(b"p")), "holds an encrypted key"),
    "a short key": (key_pem(rsa.generate_private_key(65537, 1024)), "holds a key that is none of RSA with 2048"),
    "another curve": (key_pem(ec.generate_private_key(ec.SECP521R1())), "holds a key that is none of RSA with 2048"),
    "another key's certificate": (FOREIGN + key_pem(RSA), "holds a certificate of another key"),
    "no certificate": (key_pem(RSA), "holds no certificate, by which Entra knows the key"),
}


@pytest.mark.parametrize("content, words", UNUSABLE.values(), ids=UNUSABLE)
def test_what_is_no_clients_key_is_said_in_words(dsn, content, words):
    dsn.file.write_bytes(content)
    dsn.write({**dsn.keys, "TokenEndpoint": dsn.provider.url + ENTRAS_PATH})
    record = dsn.refused_unheard(dsn.connect(), "HY000", "section [Shimmed] of odbcinst.ini: TokenClientCertificate", words)
    assert "PRIVATE" not in record.message


def test_a_key_that_others_may_read_is_refused_with_the_cure(dsn):
    dsn.file.write_bytes(key_pem(P256))
    dsn.file.chmod(0o640)
    dsn.write({**dsn.keys, "TokenEndpoint": f"{dsn.provider.url}/token"})
    dsn.refused_unheard(dsn.connect(), "HY000", "TokenClientCertificate can be read by others (mode 640): run chmod 600 on it")


def test_no_assertion_gets_into_a_message(dsn):
    dsn.file.write_bytes(key_pem(P256))
    dsn.write({**dsn.keys, "TokenEndpoint": f"{dsn.provider.url}/token"})

    def repeats(exchange):
        return replies.oauth_error(401, "invalid_client", "what is " + dict(exchange.request.form)["client_assertion"])(exchange)

    dsn.provider.always(repeats)
    record = dsn.refused(dsn.connect(), "28000", "invalid_client: what is ***")
    assert "eyJ" not in record.message
