//! Databricks' clouds, known by the end of a workspace's host: one table for who may get a token, who gives it, and where
//! Entra is.
//!
//! Sources: "OAuth Integration guide for Cloud-Based Partners with Databricks", V 1.2.3, section "Identify Databricks is in which
//! cloud"; for AWS's two government clouds Databricks' SDKs (`.us` in the tables of those for Go, Java and Python, `.mil` in the
//! change log of that for Java, 0.51), whose other rows are of Databricks' own tests.

/// Whose machines a workspace runs on, which decides who signs people and service principals in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cloud {
    /// Databricks itself signs in.
    Aws,
    /// Entra does, at this authority.
    Azure(&'static str),
    /// Databricks does; the guide has nothing for it.
    Google,
}

/// Entra's, in the public cloud and in those of governments.
pub const ENTRA: &str = "https://login.microsoftonline.com";
/// As above, of the government of the United States.
pub const ENTRA_US: &str = "https://login.microsoftonline.us";
/// As above, in China.
pub const ENTRA_CHINA: &str = "https://login.chinacloudapi.cn";

/// Whether `host` is Entra's, in whatever cloud.
pub fn is_entras(host: &str) -> bool {
    [ENTRA, ENTRA_US, ENTRA_CHINA].iter().any(|entra| entra.strip_prefix("https://") == Some(host))
}

/// How the names of workspaces end, each with its cloud.
const CLOUDS: &[(&str, Cloud)] = &[
    (".cloud.databricks.com", Cloud::Aws),
    (".azuredatabricks.net", Cloud::Azure(ENTRA)),
    (".databricks.azure.cn", Cloud::Azure(ENTRA_CHINA)),
    (".databricks.azure.us", Cloud::Azure(ENTRA_US)),
    (".gcp.databricks.com", Cloud::Google),
    (".cloud.databricks.us", Cloud::Aws),  // nobody tried what holds for AWS there,
    (".cloud.databricks.mil", Cloud::Aws), // nor here
];

/// The first column of the table.
pub const SUFFIXES: &[&str] = &{
    let (mut suffixes, mut row) = ([""; CLOUDS.len()], 0);
    while row < CLOUDS.len() {
        suffixes[row] = CLOUDS[row].0;
        row += 1;
    }
    suffixes
};

/// The cloud of the workspace at `host`; `None` in any other.
pub fn cloud(host: &str) -> Option<Cloud> {
    CLOUDS.iter().find(|(suffix, _)| host.ends_with(suffix)).map(|(_, cloud)| *cloud)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cloud_is_known_by_the_end_of_a_hosts_name() {
        for (host, of) in [
            ("dbc-1.cloud.databricks.com", Cloud::Aws),
            ("dbc-1.cloud.databricks.us", Cloud::Aws),
            ("dbc-1.cloud.databricks.mil", Cloud::Aws),
            ("adb-1.2.azuredatabricks.net", Cloud::Azure("https://login.microsoftonline.com")),
            ("adb-1.databricks.azure.cn", Cloud::Azure("https://login.chinacloudapi.cn")),
            ("adb-1.databricks.azure.us", Cloud::Azure("https://login.microsoftonline.us")),
            ("1.2.gcp.databricks.com", Cloud::Google),
        ] {
            assert_eq!(cloud(host), Some(of), "{host}");
        }
    }

    #[test]
    fn any_other_host_is_in_no_cloud() {
        let others =
            ["gcp.databricks.com", "cloud.databricks.com", "xcloud.databricks.com", "x.databricks.us", "x.databricks.mil", "example.com", ""];
        for host in others.into_iter().chain(["x.cloud.databricks.com.evil.org", "cloud.databricks.us", "x.accounts.databricks.us.com"]) {
            assert_eq!(cloud(host), None, "{host}");
        }
    }

    #[test]
    fn the_suffixes_are_those_of_the_table() {
        assert_eq!(SUFFIXES.len(), CLOUDS.len());
        assert!(SUFFIXES.iter().all(|suffix| suffix.starts_with('.') && cloud(&format!("x{suffix}")).is_some()));
    }
}
