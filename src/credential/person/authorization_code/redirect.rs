//! `TokenRedirect`: where the browser is sent back to, which is always this very machine.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A redirect URI without its port, which is any that is free, or with it (RFC 8252, section 7.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    host: &'static str,
    /// The one at which the client is registered, where its provider wants it to the letter.
    pub port: Option<u16>,
    /// To the letter, too: empty, or from the slash on.
    path: String,
}

/// Both mean this very machine: some providers accept any port behind the one only, some behind the other.
const HOSTS: [&str; 2] = ["127.0.0.1", "localhost"];
/// As the registrations of Entra's and of Databricks' clients have it.
pub const LOCALHOST: &str = "http://localhost";
/// As RFC 8252 has it.
pub const ADDRESS: &str = "http://127.0.0.1/";

impl Redirect {
    /// # Errors
    /// Says what is wrong with it.
    pub fn read(text: &str) -> Result<Self, &'static str> {
        let rest = text.strip_prefix("http://").ok_or("must begin with http://127.0.0.1 or http://localhost")?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (host, port) = authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port)));
        let host = HOSTS.into_iter().find(|known| *known == host).ok_or("must begin with http://127.0.0.1 or http://localhost")?;
        let number = |port: &str| port.parse().ok().filter(|number| *number > 0 && port.bytes().all(|byte| byte.is_ascii_digit()));
        let port = port.map(|port| number(port).ok_or("has a port that is none")).transpose()?;
        if !path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte)) || path.split('/').any(|step| step.starts_with('.')) {
            return Err("has something other than a plain path behind its host and port");
        }
        Ok(Self { host, port, path: path.to_owned() })
    }

    /// The URI, of a listener at this port.
    pub fn uri(&self, port: u16) -> String {
        format!("http://{}:{port}{}", self.host, self.path)
    }

    /// Where a browser may look for it: by the name it may ask at either.
    pub fn addresses(&self) -> &'static [IpAddr] {
        const ADDRESSES: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
        if self.host == "localhost" { &ADDRESSES } else { &ADDRESSES[..1] }
    }

    /// The host, for messages.
    pub fn host(&self) -> &'static str {
        self.host
    }

    /// The path that a browser asks for.
    pub fn path(&self) -> &str {
        if self.path.is_empty() { "/" } else { &self.path }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_is_to_this_machine_and_keeps_its_letters() {
        for (text, uri, path) in [
            (ADDRESS, "http://127.0.0.1:7/", "/"),
            (LOCALHOST, "http://localhost:7", "/"),
            ("http://localhost:8020", "http://localhost:7", "/"),
            ("http://127.0.0.1/call-back/x_y", "http://127.0.0.1:7/call-back/x_y", "/call-back/x_y"),
        ] {
            let redirect = Redirect::read(text).expect(text);
            assert_eq!((redirect.uri(7).as_str(), redirect.path()), (uri, path));
        }
        assert_eq!(Redirect::read("http://localhost:8020").map(|redirect| redirect.port), Ok(Some(8020)));
        for text in
            ["", "https://localhost", "http://example.com", "http://localhost.example.com", "http://0.0.0.0", "http://[::1]", "http://a@localhost"]
        {
            assert_eq!(Redirect::read(text), Err("must begin with http://127.0.0.1 or http://localhost"), "{text}");
        }
        for text in ["http://localhost:", "http://localhost:0", "http://localhost:65536", "http://localhost:+1"] {
            assert_eq!(Redirect::read(text), Err("has a port that is none"), "{text}");
        }
        for text in ["http://localhost/?a", "http://localhost/#a", "http://localhost/a b", "http://localhost/../a", "http://localhost/%41"] {
            assert!(Redirect::read(text).is_err_and(|problem| problem.contains("plain path")), "{text}");
        }
    }
}
