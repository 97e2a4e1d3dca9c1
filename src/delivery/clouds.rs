//! Microsoft's clouds, known by the host of the service that a token is for.
//!
//! Sources: "National clouds" and "Microsoft Entra authentication endpoints" of Microsoft; the Databricks SDK for Go,
//! common/environment. What SQL Server's scope is in the sovereign clouds follows the names of its hosts and was not tried there.

use super::destination;
use crate::config::settings::Settings;
use crate::config::workspaces::{self, ENTRA, ENTRA_CHINA, ENTRA_US};

/// One of them.
struct Cloud {
    /// How the names of its services end, but for Databricks' workspaces.
    suffixes: &'static [&'static str],
    /// Where its Entra is.
    authority: &'static str,
    /// What stands here in place of a scope of the public cloud.
    scopes: &'static [(&'static str, &'static str)],
}

const PUBLIC: Cloud = Cloud { suffixes: &[], authority: ENTRA, scopes: &[] };
const SQL: &str = "https://database.windows.net/.default";

const SOVEREIGN: &[Cloud] = &[
    Cloud { suffixes: &[".usgovcloudapi.net"], authority: ENTRA_US, scopes: &[(SQL, "https://database.usgovcloudapi.net/.default")] },
    Cloud {
        suffixes: &[".chinacloudapi.cn", ".sql.azuresynapse.azure.cn"],
        authority: ENTRA_CHINA,
        scopes: &[(SQL, "https://database.chinacloudapi.cn/.default")],
    },
];

/// Where Entra is for the server of these settings.
pub fn authority(settings: &Settings) -> &'static str {
    cloud(settings).authority
}

/// The same, whatever server a connection string names.
pub fn authority_of_sections(settings: &Settings) -> &'static str {
    destination::host_of_sections(settings).map_or(&PUBLIC, |host| of_host(&host)).authority
}

/// The scope for the server of these settings that is `scope` in the public cloud.
pub fn scope(settings: &Settings, scope: &'static str) -> &'static str {
    let own = cloud(settings).scopes.iter().find(|(public, _)| *public == scope);
    own.map_or(scope, |(_, own)| own)
}

fn cloud(settings: &Settings) -> &'static Cloud {
    destination::host(settings).ok().flatten().map_or(&PUBLIC, |host| of_host(&host))
}

fn of_host(host: &str) -> &'static Cloud {
    let workspace = workspaces::cloud(host);
    let is_there =
        |cloud: &&Cloud| workspace == Some(workspaces::Cloud::Azure(cloud.authority)) || cloud.suffixes.iter().any(|suffix| host.ends_with(suffix));
    SOVEREIGN.iter().find(is_there).unwrap_or(&PUBLIC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cloud_is_known_by_the_end_of_a_hosts_name() {
        for (host, authority) in [
            ("erp.database.windows.net", "https://login.microsoftonline.com"),
            ("db.example.com", "https://login.microsoftonline.com"),
            ("erp.database.usgovcloudapi.net.example.com", "https://login.microsoftonline.com"),
            ("erp.database.usgovcloudapi.net", "https://login.microsoftonline.us"),
            ("erp.sql.azuresynapse.usgovcloudapi.net", "https://login.microsoftonline.us"),
            ("adb-1.2.databricks.azure.us", "https://login.microsoftonline.us"),
            ("erp.database.chinacloudapi.cn", "https://login.chinacloudapi.cn"),
            ("erp.sql.azuresynapse.azure.cn", "https://login.chinacloudapi.cn"),
            ("adb-1.2.databricks.azure.cn", "https://login.chinacloudapi.cn"),
        ] {
            assert_eq!(of_host(host).authority, authority, "{host}");
        }
    }
}
