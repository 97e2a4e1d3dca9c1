//! A client shows who it is by a signature (RFC 7523, section 2.2; OpenID Connect Core 1.0, section 9, `private_key_jwt`).
//!
//! What Entra wants beside that, "Microsoft identity platform application authentication certificate credentials" says: PS256 where
//! the key is RSA, and the certificate's SHA-256.

use crate::oauth::entra;
use crate::token::Secret;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};
use rustls::SignatureScheme as Scheme;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SigningKey};
use serde_json::{Map, Value};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use url::Url;
use zeroize::Zeroizing;

/// `client_assertion_type`.
pub const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// As long is one good: no provider wants it longer, and no clock is so wrong.
const LIFE: Duration = Duration::from_secs(600);

/// What a kind of key signs with: TLS's name for it, that of a JSON web signature (RFC 7518, section 3.1; RFC 8037), and how long one
/// of the two numbers of an ECDSA signature is, in bytes.
type Algorithm = (Scheme, &'static str, Option<usize>);

const RS256: Algorithm = (Scheme::RSA_PKCS1_SHA256, "RS256", None);
const PS256: Algorithm = (Scheme::RSA_PSS_SHA256, "PS256", None);
const OTHERS: &[Algorithm] =
    &[(Scheme::ECDSA_NISTP256_SHA256, "ES256", Some(32)), (Scheme::ECDSA_NISTP384_SHA384, "ES384", Some(48)), (Scheme::ED25519, "EdDSA", None)];

/// A token, good for one request to `audience`, that only who has the key in `pem` can make for `client`.
///
/// # Errors
/// Says what is wrong with the file, in words that go on where its key ends.
pub fn signed(pem: &Secret, client: &str, audience: &Url) -> Result<Zeroizing<String>, String> {
    let key = key(pem.expose().as_bytes())?;
    let is_entra = audience.path().ends_with(entra::TOKEN_PATH);
    let rsa = if is_entra { &PS256 } else { &RS256 };
    let chosen = [rsa].into_iter().chain(OTHERS).find_map(|algorithm| Some((algorithm, key.choose_scheme(&[algorithm.0])?)));
    let ((_, name, width), signer) = chosen.ok_or("holds a key of a kind that signs nothing here")?;

    let mut header = Map::from_iter([("alg".to_owned(), Value::from(*name)), ("typ".to_owned(), Value::from("JWT"))]);
    match certificate_of(&key, pem.expose().as_bytes())? {
        Some(certificate) => {
            header.insert("x5t#S256".into(), base64(digest(&SHA256, &certificate).as_ref()).into());
        }
        None if is_entra => return Err("holds no certificate, by which Entra knows the key".into()),
        None => {} // a provider that knows the client by its key alone looks among those that it knows
    }
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let claims = Map::from_iter([
        ("aud".to_owned(), Value::from(audience.as_str())),
        ("iss".to_owned(), client.into()),
        ("sub".to_owned(), client.into()),
        ("jti".to_owned(), unique()?.into()),
        ("iat".to_owned(), now.as_secs().into()),
        ("exp".to_owned(), (now + LIFE).as_secs().into()),
    ]);
    let said = format!("{}.{}", base64(Value::from(header).to_string().as_bytes()), base64(Value::from(claims).to_string().as_bytes()));
    let signature = signer.sign(said.as_bytes()).map_err(|_| "holds a key that does not sign")?;
    let signature = match width {
        Some(width) => two_numbers(&signature, *width).ok_or("holds a key that does not sign")?,
        None => signature,
    };
    Ok(Zeroizing::new(format!("{said}.{}", base64(&signature))))
}

fn key(pem: &[u8]) -> Result<Arc<dyn SigningKey>, &'static str> {
    let is_encrypted = pem.windows(9).any(|word| word == b"ENCRYPTED");
    let key = PrivateKeyDer::from_pem_slice(pem).map_err(|_| match is_encrypted {
        true => "holds an encrypted key, whose password is read from nowhere: write it without one, by `openssl pkey -in <this file>`, and its certificate after it, to a file of mode 600",
        false => "holds no private key in PEM",
    })?;
    any_supported_type(&key).map_err(|_| "holds a key that is none of RSA with 2048 to 4096 bits, P-256, P-384, or Ed25519")
}

/// The key's own certificate, which need not be the first of its chain.
fn certificate_of(key: &Arc<dyn SigningKey>, pem: &[u8]) -> Result<Option<CertificateDer<'static>>, &'static str> {
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(|_| "holds a damaged certificate")?;
    let is_empty = certificates.is_empty();
    let is_of_key = |certificate: &CertificateDer<'static>| CertifiedKey::new(vec![certificate.clone()], Arc::clone(key)).keys_match().is_ok();
    match certificates.into_iter().find(is_of_key) {
        None if !is_empty => Err("holds a certificate of another key"),
        certificate => Ok(certificate),
    }
}

fn unique() -> Result<String, &'static str> {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).map_err(|_| "cannot be used: the system has no random numbers")?;
    Ok(base64(&bytes))
}

fn base64(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// An ECDSA signature as a JSON web signature has it (RFC 7518, section 3.4), from the one that TLS has: a DER sequence of two integers.
fn two_numbers(der: &[u8], width: usize) -> Option<Vec<u8>> {
    let mut body = element(&mut &*der, 0x30)?;
    let mut numbers = Vec::with_capacity(2 * width);
    for _ in 0..2 {
        let number = element(&mut body, 0x02)?;
        let number = number.strip_prefix(&[0]).unwrap_or(number); // which only says that it is not negative
        numbers.resize(numbers.len() + width.checked_sub(number.len())?, 0);
        numbers.extend_from_slice(number);
    }
    body.is_empty().then_some(numbers)
}

/// The content of the first element, of less than 128 bytes; `rest` is what comes after it.
fn element<'a>(rest: &mut &'a [u8], tag: u8) -> Option<&'a [u8]> {
    let [first, length @ 0..0x80, content @ ..] = *rest else { return None };
    let (content, after) = content.split_at_checked(usize::from(*length)).filter(|_| *first == tag)?;
    *rest = after;
    Some(content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::prelude::BASE64_STANDARD;
    use ring::signature::{ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, UnparsedPublicKey};

    #[test]
    fn a_signature_of_an_elliptic_curve_is_two_numbers_of_one_width() {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).expect("a key");
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref().to_vec());
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", BASE64_STANDARD.encode(&document));
        let (pem, audience) = (Secret::new(pem), Url::parse("https://idp.example/token").expect("a URL"));
        // One number in 256 is shorter than the others: among so many there is one.
        for _ in 0..600 {
            let token = signed(&pem, "me", &audience).expect("a token");
            let (said, signature) = token.rsplit_once('.').expect("three parts");
            let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).expect("base64");
            assert_eq!(signature.len(), 64);
            public.verify(said.as_bytes(), &signature).expect("a signature of the key");
        }
    }

    #[test]
    fn what_is_no_signature_is_none() {
        for der in
            [&b""[..], b"\x30", b"\x30\x00", b"\x30\x03\x02\x01\x01", b"\x31\x06\x02\x01\x01\x02\x01\x01", b"\x30\x07\x02\x01\x01\x02\x01\x01\x00"]
        {
            assert_eq!(two_numbers(der, 32), None, "{der:?}");
        }
        assert_eq!(two_numbers(b"\x30\x06\x02\x01\x01\x02\x01\x02", 2), Some(vec![0, 1, 0, 2]));
        assert_eq!(two_numbers(b"\x30\x07\x02\x02\x01\x01\x02\x01\x02", 1), None, "a number that is too long");
    }

    #[test]
    fn a_file_without_a_key_says_what_is_wrong_with_it() {
        for (pem, words) in [
            ("", "holds no private key"),
            ("-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n", "holds no private key"),
            ("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAA==\n-----END ENCRYPTED PRIVATE KEY-----\n", "holds an encrypted key"),
            ("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAA==\n-----END RSA PRIVATE KEY-----\n", "holds an encrypted key"),
            ("-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n", "holds a key that is none of RSA"),
        ] {
            let problem = signed(&Secret::new(pem.into()), "me", &Url::parse("https://idp.example").expect("a URL")).expect_err(pem);
            assert!(problem.starts_with(words), "{problem}");
        }
    }
}
