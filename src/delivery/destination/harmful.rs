//! Words of drivers' that a connection string must not have beside a token: one table.

use super::is_plain;

/// What only an administrator may set, as it may do harm to a token.
pub(super) struct Harmful {
    /// Short forms among them: psqlodbc's (dlg_specific.h) and DataDirect's ("Connection option descriptions" of each driver).
    pub keywords: &'static [&'static str],
    pub is_harmful: fn(&str) -> bool,
    pub harm: &'static str,
}

pub(super) const HARMFUL: &[Harmful] = &[
    Harmful {
        keywords: &["pqopt", "D5", "ServerOptions"],
        is_harmful: leads_elsewhere,
        harm: "host, service or SSL options there may lead it elsewhere",
    },
    Harmful { keywords: &["CommLog", "B3", "Debug", "B2"], is_harmful: |value| !value.trim().bytes().all(|byte| byte == b'0'), harm: LOGGED },
    // Simba's and Amazon's words; CData's, whose log has the headers of requests in it; Snowflake's.
    Harmful {
        keywords: &["LogLevel", "Tracing"],
        is_harmful: |value| !["", "0", "OFF"].iter().any(|off| off.eq_ignore_ascii_case(value.trim())),
        harm: LOGGED,
    },
    Harmful { keywords: &["LogPath", "LogFile", "Verbosity"], is_harmful: is_set, harm: LOGGED },
    Harmful { keywords: &["CX"], is_harmful: packs_a_log, harm: LOGGED },
    // Drivers build a host from these: Snowflake's, Amazon's.
    Harmful { keywords: &["Account", "AccountName", "AN", "Region", "AwsRegion"], is_harmful: |value| !is_plain(value), harm: ELSEWHERE },
    // Of Amazon's drivers and DataDirect's. An AuthProfile has a host in it, and its keys may be anybody's.
    Harmful {
        keywords: &[
            "EndpointUrl",
            "StsEndpointUrl",
            "EndpointOverride",
            "StsEndpointOverride",
            "StreamingEndpointOverride",
            "LakeFormationEndpointOverride",
            "SSOOIDCEndpointOverride",
            "SSOAdminEndpointOverride",
            "AuthProfile",
            "AlternateServers",
            "ASRV",
            "ASVR",
            // Oracle's: files and a directory that name hosts.
            "TNSNamesFile",
            "TNF",
            "LDAPDistinguishedName",
            "LDAP",
        ],
        is_harmful: is_set,
        harm: ELSEWHERE,
    },
    Harmful {
        keywords: &["SSLLibName", "SLN", "CryptoLibName", "CLN", "Keystore", "KS", "PLUGIN_DIR"],
        is_harmful: is_set,
        harm: "the driver may load a stranger's library by it",
    },
    Harmful {
        keywords: &[
            "TrustedCerts",
            "TrustStore",
            "TS",
            "SSLTrustStore",
            "SSLServerCertificate",
            "SSLClientKeystoredb",
            "ServerCertificate",
            "CaFile",
            "CaPath",
            "SSLCA",
            "SSLCAPATH",
            "TLSPEERFP",
            "TLSPEERFPLIST",
            "SSLFP",
            "SSLFPLIST",
        ],
        is_harmful: is_set,
        harm: "it says whose word counts for the server's certificate",
    },
];
const ELSEWHERE: &str = "it may lead it to another host";
const LOGGED: &str = "the driver would write it to a log that others may read";

/// Options of the driver's client library that name another host (libpq takes a URI as well), a file that does, or
/// another kind of encryption. With a `%` nobody knows what they say: psqlodbc undoes URL encoding outside of braces, and that of
/// letters as well (dlg_specific.c, decode).
fn leads_elsewhere(options: &str) -> bool {
    let options = options.to_ascii_lowercase();
    ["host", "service", "://", "ssl", "%"].iter().any(|part| options.contains(part))
}

fn is_set(value: &str) -> bool {
    !value.trim_matches(|c: char| c.is_whitespace() || c == '{' || c == '}').is_empty()
}

/// psqlodbc's options in one number, behind two digits: BIT_COMMLOG and BIT_DEBUG are among them.
fn packs_a_log(value: &str) -> bool {
    let no_log = |flags: &str| u32::from_str_radix(flags, 16).is_ok_and(|flags| flags & 0xC00 == 0);
    value.len() >= 2 && !value.get(2..).is_some_and(no_log)
}
