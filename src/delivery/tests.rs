//! From what an application wrote to what the driver gets, and back: one row a case.

use super::edits::{Delivery, Edits, edits};
use super::keywords::Keywords;
use super::out_string::completed;
use super::profiles::{self, PROFILES, Way, defaults, profile_for};
use crate::config::connection_string::ConnectionString;
use crate::config::ini::tests::registry;
use crate::config::keys;
use crate::config::settings::Settings;
use crate::config::text::{Text, Width};
use crate::token::{Secret, Token};
use std::sync::Arc;

const DATA_SOURCES: &str = "[plain]\nDriver=/shim.so\n[windows]\nDriver=/shim.so\nAuthentication=ActiveDirectoryIntegrated\nTrusted_Connection=yes\nUID=u\nPWD=p\n[clear]\nDriver=/shim.so\nTokenAllowUnencrypted=yes\n";

fn parse(text: &str) -> ConnectionString {
    ConnectionString::parse(&Text::encode(text, Width::Two))
}

fn settings(text: &str) -> Settings {
    Settings::of(parse(text), &registry("", DATA_SOURCES), &[])
}

fn token(text: &str) -> Token {
    Token::new(Secret::new(text.into()), None).expect("a token")
}

fn edits_for(profile: &str, text: &str, token_text: &str) -> Edits {
    let profile = PROFILES.iter().find(|row| row.name == profile).expect(profile);
    edits(&Delivery::of(profile, None, ""), &settings(text), &token(token_text))
}

#[test]
fn each_profile_puts_the_token_in_and_takes_out_what_contradicts_it() {
    for (profile, token, written, given) in [
        ("databricks", "eyJ.t", "DSN=plain;UID=u;Host=h;pwd=p;", "DSN=plain;Host=h;AuthMech=11;Auth_Flow=0;Auth_AccessToken=eyJ.t;"),
        ("databricks", "t t", "Auth_Flow=1;AUTHMECH=3;Auth_Client_Secret={a;b};X=1", "X=1;AuthMech=11;Auth_Flow=0;Auth_AccessToken={t t}"),
        ("password", "a}b%+;", "DSN=plain;PWD=x;UID=u;password=y", "DSN=plain;PWD={a}}b%+;};UID=u"),
        ("password", "t", "DSN=plain;;X={;PWD=z};TokenScope=s", "DSN=plain;;X={;PWD=z};PWD={t}"),
        ("sqlserver", "t", "DSN=plain;UID=;PWD=;Trusted_Connection=yes;Authentication=x;APP={a}", "DSN=plain;APP={a}"),
        ("sqlserver", "t", "DSN=windows;Encrypt=yes", "DSN=windows;Encrypt=yes;Authentication={};Trusted_Connection=no"),
        ("impala", "t", "DSN=plain;UID=u;AuthMech=3;SSL=1", "DSN=plain;SSL=1;AuthMech=11;Auth_Flow=0;Auth_AccessToken=t"),
        ("hive", "t", "DSN=plain;PWD=p", "DSN=plain;AuthMech=11;Auth_Flow=0;Auth_AccessToken=t"),
        ("snowflake", "t", "DSN=plain;UID=u;PWD=p;Authenticator=snowflake;role=r", "DSN=plain;role=r;authenticator=oauth;token=t"),
        ("redshift", "t", "DSN=plain;UID=u;IAM=1;Plugin_Name=Okta", "DSN=plain;plugin_name=IdpTokenAuthPlugin;token=t;token_type=ACCESS_TOKEN"),
        ("athena", "t", "DSN=plain;AuthenticationType=IAM Credentials;UID=k;PWD=s", "DSN=plain;AuthenticationType=JWT_TIP;web_identity_token=t"),
        ("starburst", "t", "DSN=plain;UID=u;PWD=p", "DSN=plain;AuthenticationType=JWT;AccessToken=t"),
        ("starburst-v2", "t", "DSN=plain;UID=u;PWD=p", "DSN=plain;UID=u;AuthenticationType={JWT Authentication};AccessToken=t"),
        ("dremio", "t", "DSN=plain;user id=u;Password=p;useEncryption=true", "DSN=plain;useEncryption=true;token=t"),
        ("db2", "t", "DSN=plain;UID=u;PWD=p", "DSN=plain;AUTHENTICATION=TOKEN;ACCESSTOKEN=t;ACCESSTOKENTYPE=JWT;Security=SSL"),
        ("db2", "t", "DSN=plain;security={SSL}", "DSN=plain;security={SSL};AUTHENTICATION=TOKEN;ACCESSTOKEN=t;ACCESSTOKENTYPE=JWT"),
        ("db2", "t", "DSN=clear", "DSN=clear;AUTHENTICATION=TOKEN;ACCESSTOKEN=t;ACCESSTOKENTYPE=JWT"),
        ("datadirect-snowflake", "t", "DSN=plain;LogonID=u;AM=0", "DSN=plain;AuthenticationMethod=24;AccessToken=t"),
        ("datadirect-redshift", "t", "DSN=plain;LogonID=u;PWD=p", "DSN=plain;LogonID=u;AuthenticationMethod=39;WebIdentityToken=t"),
        ("datadirect-oracle", "t", "DSN=plain;UID=u", "DSN=plain;AuthenticationMethod=38;EntraAccessToken=t"),
        ("datadirect-bigquery", "t", "DSN=plain;RefreshToken=r", "DSN=plain;AuthenticationMethod=oauth2.0;AccessToken=t"),
    ] {
        let edits = edits_for(profile, written, token);
        assert_eq!(edits.apply(&parse(written)).to_text().decode(), given, "{profile}: {written}");
    }
}

#[test]
fn a_sections_own_keywords_take_the_place_of_the_profiles_way() {
    for (profile, keywords, written, given) in [
        ("other", "AccessToken={token};-PWD;Mode=oauth", "DSN=plain;UID=u;pwd=p;mode=x", "DSN=plain;UID=u;AccessToken=t}t;Mode=oauth"),
        ("other", "PWD={token};Extra=a b", "DSN=plain;PWD=p", "DSN=plain;PWD={t}}t};Extra={a b}"),
        ("password", "Token=Bearer {token}", "DSN=plain;UID=u;PWD=p", "DSN=plain;UID=u;Token={Bearer t}}t}"),
        ("sqlserver", "UID=u;PWD={token}", "DSN=windows;UID=v", "DSN=windows;Authentication={};Trusted_Connection=no;UID=u;PWD={t}}t}"),
        (
            "redshift",
            "plugin_name=BasicJwtPlugin;web_identity_token={token}",
            "DSN=plain;IAM=1",
            "DSN=plain;plugin_name=BasicJwtPlugin;web_identity_token={t}}t}",
        ),
        ("db2", "ACCESSTOKEN={token};Security=none", "DSN=plain", "DSN=plain;ACCESSTOKEN={t}}t};Security=none"),
    ] {
        let keywords = Some(Arc::new(Keywords::parse(keywords).expect(keywords)));
        let delivery = Delivery::of(profiles::of_name(profile).expect(profile), keywords, "");
        let edits = edits(&delivery, &settings(written), &token("t}t"));
        let expected = given.replace("=t}t", "={t}}t}");
        assert_eq!(edits.apply(&parse(written)).to_text().decode(), expected, "{profile}: {written}");
        assert!(edits.attribute.is_none() && edits.password.is_none() && !edits.fit_connect(), "{profile}");
    }
}

#[test]
fn a_keyword_that_holds_the_token_is_a_secret_and_an_applications_own_there_is_left_alone() {
    for profile in PROFILES {
        let Way::Keywords(keywords) = profile.way else { continue };
        for (keyword, _) in keywords.iter().filter(|(_, value)| value.contains("{token}")) {
            assert!(keys::is_secret(keyword) && profile.own_token.contains(keyword), "{}: {keyword}", profile.name);
        }
    }
}

#[test]
fn sqlconnect_is_enough_where_no_keyword_is_needed() {
    for (profile, dsn, enough) in
        [("password", "plain", true), ("sqlserver", "plain", true), ("sqlserver", "windows", false), ("databricks", "plain", false)]
    {
        assert_eq!(edits_for(profile, &format!("DSN={dsn}"), "t").fit_connect(), enough, "{profile} {dsn}");
    }
}

#[test]
fn what_the_application_gets_back_is_its_own_and_never_the_token() {
    for (profile, written, from_driver, shown) in [
        // Completed by the driver, with the application's own password in its place.
        ("password", "DSN=d;PWD=mine;TokenScope=s", "DSN=d;UID=u;PWD={tok};PORT=1", "DSN=d;UID=u;PWD=mine;TokenScope=s;PORT=1"),
        // What the driver was not given stands where a driver that repeats its string would have it from a direct connect.
        ("sqlserver", "UID=me;SERVER=s;PWD=p;APP=a", "SERVER=s;APP=a;PORT=1", "UID=me;SERVER=s;PWD=p;APP=a;PORT=1"),
        ("password", "DSN=d;TokenScope=s;UID=u;TokenTimeout=1;", "DSN=d;UID=u;PWD={tok};;PORT=1", "DSN=d;TokenScope=s;UID=u;TokenTimeout=1;;PORT=1"),
        // A password that the application did not write does not appear, whatever the driver had it from.
        ("password", "DSN=d", "DSN=d;PWD={tok};PORT=1;", "DSN=d;PORT=1;"),
        ("password", "DSN=d", "DSN=d;Password=from-odbc-ini", "DSN=d"),
        // The token in a place that nobody expects, also URL-encoded.
        ("password", "DSN=d", "DSN=d;Options=x tok y;Z=1", "DSN=d;Z=1"),
        // Microsoft's driver answers UID=, with which a token could not connect again.
        ("sqlserver", "DRIVER={x};SERVER=s", "DRIVER={x};SERVER=s;UID=;APP=a", "DRIVER={x};SERVER=s;APP=a"),
        ("sqlserver", "SERVER=s;UID=me;Trusted_Connection=yes", "SERVER=s;UID=", "SERVER=s;UID=me;Trusted_Connection=yes"),
        (
            "databricks",
            "Host=h;Auth_Flow=1;Auth_Client_Secret=mine",
            "Host=h;AuthMech=11;Auth_Flow=0;Auth_AccessToken=tok",
            "Host=h;Auth_Flow=1;Auth_Client_Secret=mine",
        ),
        // A string that cannot be split is not shown at all.
        ("password", "DSN=d", "DSN=d;PWD={tok", "DSN=d"),
        ("password", "DSN=d", "", ""),
    ] {
        let edits = edits_for(profile, written, "tok");
        let text = completed(&Text::encode(from_driver, Width::Two), &parse(written), &edits, &Secret::new("tok".into()));
        assert_eq!(text.decode(), shown, "{profile}: {written} / {from_driver}");
    }
    let (edits, odd) = (edits_for("password", "DSN=d", "a+b%"), Secret::new("a+b%".into()));
    let text = completed(&Text::encode("DSN=d;X=a%2Bb%25", Width::Two), &parse("DSN=d"), &edits, &odd);
    assert_eq!(text.decode(), "DSN=d");
}

#[test]
fn databricks_own_words_switch_a_service_principal_on() {
    let databricks = PROFILES.iter().find(|profile| profile.name == "databricks");
    for (text, on) in [
        ("AuthMech=11;Auth_Flow=1", true),
        ("Auth_Type=OAuth_2.0", true),
        ("Auth_Type=0Auth_2.0", true),
        ("Auth_Client_ID=i;Auth_Client_Secret=s", true),
        ("Auth_Client_ID=i", false),
        ("AuthMech=11", false),
        ("AuthMech=3;Auth_Client_ID=i;Auth_Client_Secret=s", false),
        ("AuthMech=11;Auth_Flow=0;Auth_Client_ID=i;Auth_Client_Secret=s", false),
        ("AuthMech=11;Auth_Flow=2", false),
    ] {
        assert_eq!(defaults(databricks, &settings(text)).source.is_some(), on, "{text}");
    }
}

#[test]
fn the_profile_is_known_by_the_real_drivers_file_name() {
    for (file, profile) in [
        ("/opt/simba/spark/lib/64/libsparkodbc_sb64.so", Some("databricks")),
        ("/opt/microsoft/msodbcsql18/lib64/libmsodbcsql-18.6.so.2.1", Some("sqlserver")),
        ("/usr/lib/odbc/psqlodbcw.so", Some("password")),
        ("libmaodbc.so", Some("password")),
        ("/usr/lib/odbc/libmyodbc8w.so", Some("mysql")),
        ("/opt/cloudera/impalaodbc/lib/64/libclouderaimpalaodbc64.so", Some("impala")),
        ("/opt/cloudera/hiveodbc/lib/64/libclouderahiveodbc64.so", Some("hive")),
        ("/opt/microsoft/mssqlodbc.so", Some("sqlserver")),
        ("/opt/DataDirect/lib/ivsqls28.so", Some("sqlserver")),
        ("/usr/lib/snowflake/odbc/lib/libSnowflake.so", Some("snowflake")),
        ("/opt/rstudio-drivers/snowflake/bin/lib/libsnowflakeodbc_sb64.so", Some("snowflake")),
        ("/opt/DataDirect/lib/ivsnowflake28.so", Some("datadirect-snowflake")),
        ("/opt/amazon/redshiftodbcx64/librsodbc64.so", Some("redshift")),
        ("/opt/amazon/redshiftodbc/lib/64/libamazonredshiftodbc64.so", Some("redshift")),
        ("/opt/DataDirect/lib/ivrsft28.so", Some("datadirect-redshift")),
        ("/opt/athena/odbc/lib/libathena-odbc.so", Some("athena")),
        ("/opt/starburst/starburstodbc/lib/64/libstarburstodbc_sb64.so", Some("starburst-v2")),
        ("/opt/starburst/libstarburst_odbc.so", Some("starburst")),
        ("/opt/arrow-flight-sql-odbc-driver/lib64/libarrow-odbc.so.0.9.1.168", Some("dremio")),
        ("/opt/ibm/clidriver/lib/libdb2o.so.1", Some("db2")),
        ("/opt/DataDirect/lib/ivora28.so", Some("datadirect-oracle")),
        ("/psqlodbc/libother.so", None),
    ] {
        let found = profile_for(&settings(""), file).expect("no error");
        assert_eq!(found.map(|profile| profile.name), profile, "{file}");
    }
    let error = profile_for(&settings("TokenProfile=nobody"), "x").expect_err("an error").message();
    assert!(error.contains("TokenProfile is not one of databricks, impala,") && error.contains(", other."), "{error}");
}
