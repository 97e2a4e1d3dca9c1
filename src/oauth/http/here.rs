//! Services that a cloud runs for each machine, on the machine itself or on its link: they give tokens to whoever can reach them.

use super::{Http, Manner, Reply, Way};
use crate::error::Error;
use std::time::Duration;
use url::Url;
use zeroize::Zeroizing;

/// Such a service is never further away than the host of a virtual machine.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Whether a request that was answered with a status may be made again.
pub type Passes = fn(u16) -> bool;

/// One request to such a service.
pub struct Ask<'a> {
    /// Where it is.
    pub url: &'a Url,
    /// Each with the name of where its value comes from, for a message.
    pub headers: &'a [(&'static str, Zeroizing<String>, &'static str)],
    /// What is POSTed; without it, it is a GET.
    pub form: Option<String>,
    /// When it may be made again.
    pub passes: Passes,
}

impl Http<'_> {
    /// As [`post_form`](Self::post_form) and [`get`](Self::get), past every proxy; with the answer comes its WWW-Authenticate.
    ///
    /// # Errors
    /// As there; whoever refuses the connection, or does not take it at once, is not asked again.
    pub fn here(&self, ask: Ask<'_>) -> Result<(Reply, Option<String>), Error> {
        let Ask { url, headers, form, passes } = ask;
        let answer = self.request(url, Manner { way: Way::Here, passes }, || {
            let client = self.client(Way::Here)?;
            let mut request = match &form {
                Some(form) => client.post(url.clone()).header("content-type", "application/x-www-form-urlencoded").body(form.clone()),
                None => client.get(url.clone()),
            };
            for (name, value, key) in headers {
                request = request.header(*name, self.sensitive(value, key)?);
            }
            Ok(request)
        });
        answer.map(|(reply, challenge, _)| (reply, challenge))
    }
}
