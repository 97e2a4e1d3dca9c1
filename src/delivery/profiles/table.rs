//! The table. Where a row's facts come from stands beside its drivers.

use super::Certainty::{Read, Run, Unverified};
use super::plain::{
    DATADIRECTS, HOST_MISMATCH, METHOD, METHOD_OR_NOT, NAMES_MISMATCH, OTHER_SIGN_INS, PASS_THROUGH, PLAIN, REDSHIFT_HOSTS, SELF_SIGNED,
    SQL_SERVER_HOSTS, SSL_OR_NOT, STARBURST_HOSTS, VALIDATES, driver, gone, neutral, switch,
};
use super::safety::{if_a_number, if_full, if_ssl, if_yes, libpq_mode, sslmode, unless_disabled, unless_no, unless_optional, unless_yes};
use super::{Profile, Way};
use crate::config::workspaces;
use crate::delivery::encryption::Switch;

/// Every profile. The first that knows a file name by a part of it counts.
pub const PROFILES: &[Profile] = &[
    Profile {
        name: "databricks",
        drivers: &[driver(
            "Databricks ODBC, Simba Spark ODBC",
            &["sparkodbc", "databricks"],
            Read("Databricks, OAuth Integration guide for Cloud-Based Partners, sections Use the generated token and Refreshing Token"),
        )],
        way: PASS_THROUGH,
        removed: OTHER_SIGN_INS,
        own_token: &["Auth_AccessToken"],
        hosts: workspaces::SUFFIXES,
        switches: &[switch(&["SSL"], unless_no), SELF_SIGNED, HOST_MISMATCH, NAMES_MISMATCH],
        // An expired token is 08006, says the driver's guide; a server's 401 or 403 comes as `Unauthorized/Forbidden
        // error response returned`, of which no document tells the state.
        refusals: &[("08006", ""), ("", "Unauthorized/Forbidden")],
        service_principal: true,
        session_ends_with_token: true,
        live: true, // the guide's "Refreshing the Token"
        remarks: &["The scope and the token endpoint of a service principal are those of the workspace's cloud."],
        ..PLAIN
    },
    Profile {
        name: "impala",
        drivers: &[driver(
            "Cloudera ODBC Connector for Impala 2.8.5 and later, Simba Impala ODBC",
            &["impalaodbc"],
            Read("Cloudera, Release Notes of the ODBC Connector for Apache Impala 2.8.5 (token pass-through); Simba, Impala guide, OAuth 2.0"),
        )],
        way: PASS_THROUGH,
        removed: OTHER_SIGN_INS,
        own_token: &["Auth_AccessToken", "JWTString"],
        switches: &[SSL_OR_NOT, SELF_SIGNED, HOST_MISMATCH, NAMES_MISMATCH],
        refusals: &[("08006", "")],
        live: true,
        remarks: &["The driver takes a token over its HTTP transport only, which the DSN has to choose."],
        ..PLAIN
    },
    Profile {
        name: "hive",
        drivers: &[driver("Cloudera and Simba Hive ODBC", &["hiveodbc"], Unverified("Simba's drivers for Spark and Impala have these keywords"))],
        way: PASS_THROUGH,
        removed: OTHER_SIGN_INS,
        own_token: &["Auth_AccessToken", "JWTString"],
        switches: &[SSL_OR_NOT, SELF_SIGNED, HOST_MISMATCH, NAMES_MISMATCH],
        ..PLAIN
    },
    Profile {
        name: "sqlserver",
        drivers: &[
            driver("Microsoft ODBC Driver 18 for SQL Server", &["msodbcsql"], Run("18.6, against a stand-in that speaks the server's protocol")),
            driver("Microsoft ODBC Driver 17 for SQL Server", &["msodbcsql"], Read("Microsoft, Using Microsoft Entra ID with the ODBC Driver")),
            driver("Microsoft mssql-odbc", &["mssqlodbc"], Run("0.2, of mssql-python-rs 0.3.0, against the same stand-in")),
            driver("Progress DataDirect SQL Server 8.0", &["ivsqls", "ddsqls"], Read("Progress, DataDirect SQL Server 8.0, Access token")),
        ],
        way: Way::Attribute(odbc_sys::ConnectionAttribute::SS_ACCESS_TOKEN.0),
        // Even when empty, each of these makes Microsoft's driver refuse the token (FA005). It reads Authentication
        // and Trusted_Connection from the DSN too, and then takes the first it finds: the string's.
        removed: &[gone("UID"), gone("PWD"), neutral("Authentication", ""), neutral("Trusted_Connection", "no")],
        scope: Some("https://database.windows.net/.default"),
        hosts: SQL_SERVER_HOSTS,
        // SQL_COPT_SS_ENCRYPT and SQL_COPT_SS_TRUST_SERVER_CERTIFICATE (msodbcsql.h).
        switches: &[
            Switch { attribute: Some((1223, &[1, 2])), ..switch(&["Encrypt"], unless_optional) },
            Switch { attribute: Some((1228, &[0])), ..switch(&["TrustServerCertificate"], unless_yes) },
            Switch { file: "sqls", ..METHOD },
            Switch { file: "sqls", ..VALIDATES },
        ],
        never_prompts: true,
        ..PLAIN
    },
    Profile {
        name: "mysql",
        drivers: &[driver("MySQL Connector/ODBC", &["myodbc"], Read("mysql/mysql-connector-odbc, pull request 14"))],
        removed: &[gone("PWD"), gone("Password")],
        refused: Some(
            "is MySQL's driver, which writes a password as long as a token beyond its memory: use MariaDB's driver, libmaodbc.so, which speaks to MySQL servers too",
        ),
        ..PLAIN
    },
    Profile {
        name: "password",
        drivers: &[
            driver("psqlodbc", &["psqlodbc"], Run("13.02, against PostgreSQL 15")),
            driver("MariaDB Connector/ODBC", &["maodbc"], Run("3.1, against MariaDB 10.11")),
        ],
        removed: &[gone("PWD"), gone("Password")],
        hosts: &[".postgres.database.azure.com", ".postgres.cosmos.azure.com", ".mariadb.database.azure.com", ".mysql.database.azure.com"],
        // MariaDB's FORCETLS does not force: alone, it lets a server say that it has no TLS. SSLVERIFY does not.
        switches: &[
            Switch { file: "psqlodbc", must_be: Some("require"), ..switch(&["SSLmode", "CA"], sslmode) },
            Switch { file: "maodbc", must_be: Some("1"), ..switch(&["SSLVERIFY"], if_a_number) },
            switch(&["SSLmode"], unless_disabled),
            switch(&["SSLVERIFY"], unless_no),
            switch(&["FORCETLS"], unless_no),
        ],
        // psqlodbc has one state, and the server's words, for whatever goes wrong: `password authentication failed`, `PAM
        // authentication failed`, `Cloud SQL IAM service account authentication failed`, or of the token itself.
        refusals: &[("08001", "authentication failed"), ("08001", "token")],
        remarks: &["Fits any driver that takes a token as its password; then TokenProfile has to say so."],
        ..PLAIN
    },
    Profile {
        name: "datadirect-snowflake",
        drivers: &[driver(
            "Progress DataDirect Snowflake 8.0",
            &["ivsnow", "ddsnow"],
            Read("Progress, DataDirect Snowflake 8.0, Access token flow; the file name is not verified"),
        )],
        way: Way::Keywords(&[("AuthenticationMethod", "24"), ("AccessToken", "{token}")]),
        removed: DATADIRECTS,
        own_token: &["AccessToken"],
        switches: &[METHOD_OR_NOT, VALIDATES],
        remarks: &["The session goes on after the token's end, until it is disconnected."],
        ..PLAIN
    },
    Profile {
        name: "snowflake",
        drivers: &[driver(
            "Snowflake ODBC",
            &["snowflake"],
            Read("Snowflake, ODBC configuration and connection parameters; r-dbi/odbc, R/driver-snowflake.R, which sends no uid beside a token"),
        )],
        way: Way::Keywords(&[("authenticator", "oauth"), ("token", "{token}")]),
        removed: &[gone("UID"), gone("PWD"), gone("priv_key_file"), gone("priv_key_file_pwd")],
        own_token: &["token"],
        hosts: &[".snowflakecomputing.com", ".snowflakecomputing.cn"],
        switches: &[switch(&["SSL"], unless_no)],
        remarks: &["The driver's session has a token of its own, which the driver renews. Whether the server may want UID beside the token is not \
                    verified: TokenKeywords=authenticator=oauth;token={token};+UID keeps it."],
        ..PLAIN
    },
    Profile {
        name: "datadirect-redshift",
        drivers: &[driver(
            "Progress DataDirect Redshift 8.0",
            &["ivrsft", "ddrsft"],
            Read("Progress, DataDirect Amazon Redshift 8.0, JWT authentication"),
        )],
        way: Way::Keywords(&[("AuthenticationMethod", "39"), ("WebIdentityToken", "{token}")]),
        removed: &[gone("PWD"), gone("Password"), gone("AM")],
        own_token: &["WebIdentityToken"],
        hosts: REDSHIFT_HOSTS,
        switches: &[METHOD, VALIDATES],
        remarks: &["The user's name stays: the driver wants it."],
        ..PLAIN
    },
    Profile {
        name: "redshift",
        drivers: &[driver(
            "Amazon Redshift ODBC 2.x",
            &["rsodbc", "redshiftodbc"],
            Read(
                "aws/amazon-redshift-odbc-driver, IdpTokenAuthPlugin.cpp; AWS, Integrating your application or tool with OAuth using a trusted token issuer",
            ),
        )],
        way: Way::Keywords(&[("plugin_name", "IdpTokenAuthPlugin"), ("token", "{token}"), ("token_type", "ACCESS_TOKEN")]),
        // The plug-in refuses a token beside AWS credentials.
        removed: &[gone("UID"), gone("PWD"), gone("IAM"), gone("AccessKeyID"), gone("SecretAccessKey"), gone("SessionToken")],
        own_token: &["token", "web_identity_token"],
        hosts: REDSHIFT_HOSTS,
        switches: &[switch(&["SSLMode"], libpq_mode), SELF_SIGNED],
        remarks: &["For a token of another issuer, TokenKeywords with token_type=EXT_JWT (not verified)."],
        ..PLAIN
    },
    Profile {
        name: "athena",
        drivers: &[driver(
            "Amazon Athena ODBC 2.x",
            &["athena-odbc", "athenaodbc"],
            Read("AWS, Athena, ODBC 2.x: JWT Trusted identity propagation credentials provider; the file names are not verified"),
        )],
        way: Way::Keywords(&[("AuthenticationType", "JWT_TIP"), ("web_identity_token", "{token}")]),
        removed: &[gone("UID"), gone("PWD"), gone("SessionToken")],
        own_token: &["web_identity_token"],
        remarks: &["The driver names no server: it finds Amazon's by the region, and exchanges the token there."],
        ..PLAIN
    },
    Profile {
        name: "starburst-v2",
        drivers: &[driver(
            "Starburst ODBC 2.x (Simba)",
            &["starburstodbc_sb"],
            Read("insightsoftware, Starburst ODBC guide, Configuring JWT Authentication on a Non-Windows Machine"),
        )],
        way: Way::Keywords(&[("AuthenticationType", "JWT Authentication"), ("AccessToken", "{token}")]),
        removed: &[gone("PWD")],
        own_token: &["AccessToken"],
        hosts: STARBURST_HOSTS,
        switches: &[SSL_OR_NOT, SELF_SIGNED, HOST_MISMATCH, NAMES_MISMATCH],
        remarks: &["The user's name stays: the driver wants it."],
        ..PLAIN
    },
    Profile {
        name: "starburst",
        drivers: &[driver(
            "Starburst ODBC 3.x",
            &["starburst"],
            Read("Starburst, ODBC driver v3, Connection string keywords; the file name is not verified"),
        )],
        way: Way::Keywords(&[("AuthenticationType", "JWT"), ("AccessToken", "{token}")]),
        removed: &[gone("UID"), gone("PWD")],
        own_token: &["AccessToken"],
        hosts: STARBURST_HOSTS,
        switches: &[Switch { must_be: Some("true"), ..switch(&["SSL"], if_yes) }, switch(&["SSLVerification"], if_full)],
        ..PLAIN
    },
    Profile {
        name: "dremio",
        drivers: &[driver(
            "Arrow Flight SQL ODBC (Dremio)",
            &["arrow-odbc", "arrow_flight_sql_odbc", "flightsql"],
            Read("Dremio, Arrow Flight SQL ODBC, OAuth Access Tokens; dremio/flightsql-odbc, flight_sql_auth_method.cc"),
        )],
        way: Way::Keywords(&[("token", "{token}")]),
        removed: &[gone("UID"), gone("PWD"), gone("User"), gone("User ID"), gone("Password")],
        own_token: &["token"],
        hosts: &[".dremio.cloud"],
        switches: &[switch(&["UseEncryption"], unless_no), switch(&["DisableCertificateVerification"], unless_yes)],
        remarks: &["The DSN must have neither UID nor PWD, nor User: the driver signs in with them instead, whatever the string says."],
        ..PLAIN
    },
    Profile {
        name: "db2",
        drivers: &[driver(
            "IBM Db2 CLI and ODBC driver 11.5.4 and later",
            &["libdb2"],
            Run("12.1, against a stand-in that speaks the server's protocol up to the login"),
        )],
        way: Way::Keywords(&[("AUTHENTICATION", "TOKEN"), ("ACCESSTOKEN", "{token}"), ("ACCESSTOKENTYPE", "JWT")]),
        removed: &[gone("UID"), gone("PWD"), gone("APIKEY")],
        own_token: &["ACCESSTOKEN"],
        switches: &[switch(&["Security"], if_ssl), switch(&["SSLClientHostnameValidation"], unless_no)],
        refusals: &[("08001", "SQL30082N")],
        encrypts_by: Some(("Security", "SSL")),
        remarks: &["The driver does not read odbc.ini: what a DSN stands for is in its own db2dsdriver.cfg or db2cli.ini."],
        ..PLAIN
    },
    Profile {
        name: "datadirect-oracle",
        drivers: &[driver(
            "Progress DataDirect Oracle 8.0",
            &["ivora", "ddora"],
            Read("Progress, DataDirect Oracle 8.0, Entra ID access token authentication"),
        )],
        way: Way::Keywords(&[("AuthenticationMethod", "38"), ("EntraAccessToken", "{token}")]),
        removed: DATADIRECTS,
        own_token: &["EntraAccessToken", "EAT"],
        switches: &[METHOD_OR_NOT, VALIDATES],
        remarks: &["The driver itself switches encryption on beside such a token."],
        ..PLAIN
    },
    Profile {
        name: "datadirect-bigquery",
        drivers: &[driver(
            "Progress DataDirect Google BigQuery 8.0",
            &[],
            Read("Progress, DataDirect Google BigQuery 8.0, Configuring OAuth 2.0 authentication"),
        )],
        way: Way::Keywords(&[("AuthenticationMethod", "oauth2.0"), ("AccessToken", "{token}")]),
        removed: &[gone("RefreshToken"), gone("AM"), gone("RT")],
        own_token: &["AccessToken"],
        switches: &[VALIDATES],
        ..PLAIN
    },
    Profile {
        name: "other",
        way: Way::Keywords(&[]),
        switches: &[
            switch(&["SSL"], unless_no),
            switch(&["SSLMode"], unless_disabled),
            switch(&["Encrypt"], unless_optional),
            switch(&["UseEncryption"], unless_no),
            switch(&["UseSSL"], unless_no),
            switch(&["TrustServerCertificate"], unless_yes),
            switch(&["DisableCertificateVerification"], unless_yes),
            switch(&["ValidateServerCertificate"], unless_no),
            SELF_SIGNED,
            HOST_MISMATCH,
        ],
        remarks: &["For a driver that no other profile fits: TokenKeywords says how it takes a token. Whether it encrypts is not known here, \
                    but for the words that many drivers have: what switches encryption off keeps the token back."],
        ..PLAIN
    },
];
