//! The body of a reply, which may hold a token.

use super::Http;
use crate::error::Error;
use reqwest::Response;
use zeroize::Zeroizing;

/// A token reply has a few kilobytes; tokens of 60 kB exist.
const REPLY_MAX_BYTES: usize = 1024 * 1024;

impl Http<'_> {
    /// All of it.
    pub(super) async fn read(&self, mut response: Response, host: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
        let mut body = Zeroizing::new(Vec::with_capacity(16 * 1024));
        while let Some(piece) = response.chunk().await.map_err(|error| self.unreachable(host, &error))? {
            if body.len() + piece.len() > REPLY_MAX_BYTES {
                return Err(Error::BadReply {
                    who: host.into(),
                    problem: "more than 1 MiB came".into(),
                    key: "TokenEndpoint",
                    section: self.section.into(),
                });
            }
            append(&mut body, &piece);
        }
        Ok(body)
    }
}

/// Appends without leaving an unwiped copy behind, as a growing `Vec` would.
fn append(body: &mut Zeroizing<Vec<u8>>, piece: &[u8]) {
    if body.capacity() - body.len() < piece.len() {
        let mut roomier = Vec::with_capacity(body.capacity() * 2 + piece.len());
        roomier.extend_from_slice(body);
        *body = Zeroizing::new(roomier);
    }
    body.extend_from_slice(piece);
}
