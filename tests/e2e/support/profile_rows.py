"""What the tests of profiles know of drivers that cannot be had: a recorder under the file name stands in for each."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Row:
    name: str
    file: str
    """A name that the real driver has."""
    given: str
    """What the driver gets for the token, after what the application wrote and may keep."""
    own: str
    """A keyword by which an application brings a token of its own."""
    written: str = "UID=u;PWD=p;Schema=s"
    kept: str = "Schema=s"
    needs: dict[str, str] = field(default_factory=dict)
    """What the DSN must say of encryption for another machine."""
    off: tuple[str, ...] = ()
    """What switches encryption or the certificate check off."""
    host: str = ""
    """A host that a connection string may name."""
    harmful: tuple[str, ...] = ()
    """What a connection string must not name."""
    section: dict[str, str] = field(default_factory=dict)
    keeps_user: bool = False

    def __str__(self) -> str:
        return self.name


PASS_THROUGH = "AuthMech=11;Auth_Flow=0;Auth_AccessToken={token}"
SIMBA = ("SSL=0", "AllowSelfSignedServerCert=1", "AllowHostNameCNMismatch=1", "CAIssuedCertNamesMismatch=1")
METHOD = ("EncryptionMethod=0", "EM=6", "ValidateServerCertificate=0")

ROWS = [
    Row("databricks", "libsparkodbc_sb64.so", PASS_THROUGH, "Auth_AccessToken", off=SIMBA, host="x.cloud.databricks.com",
        harmful=("TrustedCerts=/tmp/mine.pem",)),
    Row("impala", "libclouderaimpalaodbc64.so", PASS_THROUGH, "JWTString", needs={"SSL": "1"}, off=SIMBA),
    Row("hive", "libclouderahiveodbc64.so", PASS_THROUGH, "Auth_AccessToken", needs={"SSL": "1"}, off=SIMBA),
    Row("snowflake", "libSnowflake.so", "authenticator=oauth;token={token}", "token", off=("SSL=off",), host="org-acct.snowflakecomputing.com",
        harmful=("Account=evil.org/x", "Account={evil.org#}")),
    Row("redshift", "librsodbc64.so", "plugin_name=IdpTokenAuthPlugin;token={token};token_type=ACCESS_TOKEN", "token",
        written="UID=u;PWD=p;IAM=1;Schema=s", off=("SSLMode=prefer", "SSLMode=disable"), host="x.abc.eu-west-1.redshift.amazonaws.com",
        harmful=("EndpointUrl=https://evil.org", "AuthProfile=evil", "CaFile=/tmp/mine.pem")),
    Row("athena", "libathena-odbc.so", "AuthenticationType=JWT_TIP;web_identity_token={token}", "web_identity_token",
        written="AuthenticationType=IAM Credentials;UID=u;PWD=p;Schema=s", harmful=("AwsRegion=evil.org/", "EndpointOverride=evil.org")),
    Row("starburst-v2", "libstarburstodbc_sb64.so", "AuthenticationType={{JWT Authentication}};AccessToken={token}", "AccessToken",
        kept="UID=u;Schema=s", keeps_user=True, needs={"SSL": "1"}, off=SIMBA, host="x.trino.galaxy.starburst.io"),
    Row("starburst", "libstarburst_odbc.so", "AuthenticationType=JWT;AccessToken={token}", "AccessToken", needs={"SSL": "true"},
        off=("SSL=false", "SSLVerification=None", "SSLVerification=CA"), host="x.trino.galaxy.starburst.io", harmful=("SSLTrustStore=/tmp/mine.pem",)),
    Row("dremio", "libarrow-odbc.so.0.9.1.168", "token={token}", "TOKEN", written="User=u;Password=p;UseEncryption=true;Schema=s",
        kept="UseEncryption=true;Schema=s", off=("UseEncryption=false", "disableCertificateVerification=true"), host="data.dremio.cloud",
        harmful=("trustedCerts=/tmp/mine.pem",)),
    Row("db2", "libdb2o.so.1", "AUTHENTICATION=TOKEN;ACCESSTOKEN={token};ACCESSTOKENTYPE=JWT;Security=SSL", "ACCESSTOKEN",
        off=("Security=none", "SECURITY=", "SSLClientHostnameValidation=off"), harmful=("SSLServerCertificate=/tmp/mine.arm",)),
    Row("datadirect-snowflake", "ivsnowflake28.so", "AuthenticationMethod=24;AccessToken={token}", "AccessToken",
        written="LogonID=u;Password=p;Schema=s", off=METHOD,
        harmful=("AN=evil.org/x", "TS=data://-----BEGIN CERTIFICATE-----", "SLN=/tmp/mine.so", "CryptoLibName=/tmp/mine.so")),
    Row("datadirect-redshift", "ivrsft28.so", "AuthenticationMethod=39;WebIdentityToken={token}", "WebIdentityToken",
        written="UID=u;Password=p;AM=1;Schema=s", kept="UID=u;Schema=s", keeps_user=True, needs={"EncryptionMethod": "1"}, off=METHOD,
        host="x.abc.eu-west-1.redshift.amazonaws.com", harmful=("AlternateServers=(HostName=evil.org)", "ASVR=(HostName=evil.org)",
                                                                "TrustStore=/tmp/mine", "KS=/tmp/mine")),
    Row("datadirect-oracle", "ivora28.so", "AuthenticationMethod=38;EntraAccessToken={token}", "EntraAccessToken", off=METHOD,
        harmful=("TNSNamesFile=/tmp/tnsnames.ora", "TNF=/tmp/tnsnames.ora", "LDAPDistinguishedName=cn=evil")),
    Row("datadirect-bigquery", "ivbigquery28.so", "AuthenticationMethod=oauth2.0;AccessToken={token}", "AccessToken",
        written="RefreshToken=r;Schema=s", off=("ValidateServerCertificate=0",), section={"TokenProfile": "datadirect-bigquery"}, keeps_user=True),
]
