//! Which service gives the tokens of a managed identity, and what it wants to be asked: as azure-identity has it.

use super::near;
use crate::environment;
use crate::error::Error;
use crate::oauth::http::Passes;
use crate::oauth::retry;
use crate::token::Secret;
use url::{Url, form_urlencoded};
use zeroize::Zeroizing;

/// What runs this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// App Service, Functions, Container Apps.
    AppService,
    /// A machine that Azure Arc takes care of.
    Arc,
    /// Machine Learning.
    MachineLearning,
    /// Cloud Shell.
    CloudShell,
    /// A virtual machine, or whatever offers the same to its processes.
    Imds,
}

/// How a kind is known, and asked.
struct Row {
    kind: Kind,
    /// The variable with its URL, and one that has to be there as well.
    variables: [&'static str; 2],
    /// Behind the URL.
    path: &'static str,
    version: Option<&'static str>,
    /// The header that carries the second variable's value.
    header: Option<&'static str>,
    /// The names of a user-assigned identity: by its client, by its object, by its resource. None where it has none.
    ids: Option<[&'static str; 3]>,
}

const ENDPOINT: &str = "IDENTITY_ENDPOINT";
/// Before the id of an object.
pub const OBJECT_ID: &str = "object_id:";

/// The first whose variables are set.
const ROWS: &[Row] = &[
    Row {
        kind: Kind::AppService,
        variables: [ENDPOINT, "IDENTITY_HEADER"],
        path: "",
        version: Some("2019-08-01"),
        header: Some("x-identity-header"),
        ids: Some(["client_id", "object_id", "mi_res_id"]),
    },
    Row { kind: Kind::Arc, variables: [ENDPOINT, "IMDS_ENDPOINT"], path: "", version: Some("2019-11-01"), header: None, ids: None },
    Row {
        kind: Kind::MachineLearning,
        variables: ["MSI_ENDPOINT", "MSI_SECRET"],
        path: "",
        version: Some("2017-09-01"),
        header: Some("secret"),
        ids: Some(["clientid", "object_id", "mi_res_id"]),
    },
    Row { kind: Kind::CloudShell, variables: ["MSI_ENDPOINT", "MSI_ENDPOINT"], path: "", version: None, header: None, ids: None },
    IMDS,
];

const IMDS: Row = Row {
    kind: Kind::Imds,
    variables: ["AZURE_POD_IDENTITY_AUTHORITY_HOST", "AZURE_POD_IDENTITY_AUTHORITY_HOST"],
    path: "/metadata/identity/oauth2/token",
    version: Some("2018-02-01"),
    header: None,
    ids: Some(["client_id", "object_id", "msi_res_id"]),
};
/// Where it is if no variable says anything.
const IMDS_HOST: &str = "http://169.254.169.254";
/// Its presence beside App Service's means Service Fabric.
const THUMBPRINT: &str = "IDENTITY_SERVER_THUMBPRINT";

impl Row {
    fn is_there(&self) -> bool {
        self.variables.iter().all(|name| environment::variable(name).is_some())
    }
}

fn row() -> Option<&'static Row> {
    ROWS.iter().find(|row| row.is_there())
}

/// Whether a variable names such a service.
pub fn is_named() -> bool {
    row().is_some()
}

/// Whether there may be several identities to choose from.
pub fn may_choose() -> bool {
    row().unwrap_or(&IMDS).ids.is_some()
}

/// Whether this process is in a pod that has an identity of its own, which comes before that of the machine below.
pub fn is_pod() -> bool {
    row().is_none_or(|row| row.kind == Kind::Imds)
        && ["AZURE_FEDERATED_TOKEN_FILE", "AZURE_CLIENT_ID", "AZURE_TENANT_ID"].iter().all(|name| environment::variable(name).is_some())
}

/// A service, and the secret that shows it that the request comes from this very process.
#[derive(Clone, PartialEq, Eq)]
pub struct Service {
    /// What runs it.
    pub kind: Kind,
    /// Where it is.
    pub url: Url,
    /// The secret.
    pub secret: Option<Secret>,
}

impl Service {
    /// The one that the environment speaks of.
    ///
    /// # Errors
    /// A URL to which nothing may be sent; or a service that cannot be told from another.
    pub fn of_environment(section: &str) -> Result<Self, Error> {
        let row = row().unwrap_or(&IMDS);
        if row.kind == Kind::AppService && environment::variable(THUMBPRINT).is_some() {
            let problem = "in the environment speaks of Service Fabric, which managed-identity does not support: nobody vouches for the \
                           certificate of its endpoint but a SHA-1 fingerprint";
            return Err(Error::bad(section, THUMBPRINT, problem));
        }
        let [variable, with] = row.variables;
        let host = environment::text(variable);
        let host = host.as_deref().unwrap_or(IMDS_HOST).trim_end_matches(|c| !row.path.is_empty() && c == '/');
        let url = near(&format!("{host}{}", row.path)).map_err(|problem| Error::bad(section, variable, problem))?;
        let secret = row.header.and_then(|_| environment::text(with)).map(Secret::new);
        Ok(Self { kind: row.kind, url, secret })
    }

    fn row(&self) -> &'static Row {
        ROWS.iter().find(|row| row.kind == self.kind).unwrap_or(&IMDS)
    }

    /// What it is asked with: name, value, and where the value comes from.
    pub fn headers(&self) -> Option<(&'static str, Zeroizing<String>, &'static str)> {
        let row = self.row();
        match (row.header, &self.secret) {
            (Some(header), Some(secret)) => Some((header, Zeroizing::new(secret.expose().to_owned()), row.variables[1])),
            _ => Some(("metadata", Zeroizing::new("true".into()), "Metadata")),
        }
    }

    /// What is asked for: a token for `resource`, of the user-assigned identity `id` or of the one and only.
    ///
    /// # Errors
    /// Here is no choice of identities.
    pub fn parameters(&self, resource: &str, id: Option<&str>, section: &str) -> Result<String, Error> {
        let row = self.row();
        let mut parameters = form_urlencoded::Serializer::new(String::new());
        parameters.extend_pairs(row.version.map(|version| ("api-version", version)));
        parameters.append_pair("resource", resource);
        match (id, row.ids) {
            (None, _) => {}
            (Some(_), None) => {
                let problem = "cannot choose a managed identity here: Azure Arc and Cloud Shell have but one. Remove it";
                return Err(Error::bad(section, "TokenClientId", problem));
            }
            (Some(id), Some([client, object, of_resource])) => {
                let (name, id) = match id.strip_prefix(OBJECT_ID) {
                    Some(id) => (object, id),
                    None if id.starts_with("/subscriptions/") => (of_resource, id),
                    None => (client, id),
                };
                parameters.append_pair(name, id);
            }
        }
        Ok(parameters.finish())
    }
}

impl Kind {
    /// When it may be asked again. A machine that has just begun, or whose IMDS is just replaced, has not found its identity yet
    /// ("Use managed identities on a virtual machine to acquire an access token", "Retry guidance").
    pub fn passes(self) -> Passes {
        match self {
            Self::Imds => |status| matches!(status, 404 | 410 | 429 | 500..=599),
            _ => retry::passes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(kind: Kind, id: Option<&str>) -> Result<String, String> {
        let service = Service { kind, url: Url::parse("http://127.0.0.1").expect("a URL"), secret: None };
        service.parameters("https://database.windows.net", id, "DSN [x]").map_err(|error| error.message())
    }

    #[test]
    fn each_service_has_its_own_names_for_an_identity() {
        const RESOURCE: &str = "resource=https%3A%2F%2Fdatabase.windows.net";
        for (kind, version, ids) in [
            (Kind::AppService, "2019-08-01", ["client_id", "object_id", "mi_res_id"]),
            (Kind::MachineLearning, "2017-09-01", ["clientid", "object_id", "mi_res_id"]),
            (Kind::Imds, "2018-02-01", ["client_id", "object_id", "msi_res_id"]),
        ] {
            let start = format!("api-version={version}&{RESOURCE}");
            assert_eq!(parameters(kind, None), Ok(start.clone()));
            for (id, name, value) in
                [("0d5c", ids[0], "0d5c"), ("object_id:0d5c", ids[1], "0d5c"), ("/subscriptions/a/b", ids[2], "%2Fsubscriptions%2Fa%2Fb")]
            {
                assert_eq!(parameters(kind, Some(id)), Ok(format!("{start}&{name}={value}")));
            }
        }
        assert_eq!(parameters(Kind::Arc, None), Ok(format!("api-version=2019-11-01&{RESOURCE}")));
        assert_eq!(parameters(Kind::CloudShell, None), Ok(RESOURCE.into()));
        for kind in [Kind::Arc, Kind::CloudShell] {
            assert!(parameters(kind, Some("0d5c")).expect_err("no choice").contains("TokenClientId cannot choose"));
        }
    }

    #[test]
    fn a_machine_that_has_just_begun_is_asked_again() {
        let passes = Kind::Imds.passes();
        let passing: Vec<u16> = (400..=502).filter(|status| passes(*status)).collect();
        assert_eq!(passing, [404, 410, 429, 500, 501, 502]);
        assert!(!(Kind::AppService.passes())(404));
    }
}
