//! What the values of drivers' keywords do to the protection of a connection.

use crate::delivery::encryption::Safety;

fn is_one_of(value: &str, words: &[&str]) -> bool {
    let value = value.trim_matches(|c: char| c.is_whitespace() || c == '{' || c == '}');
    words.iter().any(|word| word.eq_ignore_ascii_case(value))
}

fn off_if(is_off: bool) -> Safety {
    if is_off { Safety::Off } else { Safety::On }
}

pub(super) fn unless_no(value: &str) -> Safety {
    off_if(is_one_of(value, &["0", "no", "false", "off"]))
}

pub(super) fn unless_yes(value: &str) -> Safety {
    off_if(is_one_of(value, &["1", "yes", "true", "on"]))
}

/// Only what certainly means yes to Simba's and other drivers that are unsafe unless told otherwise.
pub(super) fn if_yes(value: &str) -> Safety {
    off_if(!is_one_of(value, &["1", "yes", "true"]))
}

pub(super) fn unless_optional(value: &str) -> Safety {
    off_if(is_one_of(value, &["0", "no", "false", "off", "optional"]))
}

pub(super) fn unless_disabled(value: &str) -> Safety {
    off_if(is_one_of(value, &["disable", "disabled"]))
}

/// Starburst's `SSLVerification`: `CA` takes the certificate of any host.
pub(super) fn if_full(value: &str) -> Safety {
    off_if(!is_one_of(value, &["full"]))
}

/// Db2's `Security`, which knows one word.
pub(super) fn if_ssl(value: &str) -> Safety {
    off_if(!is_one_of(value, &["ssl"]))
}

/// DataDirect's `EncryptionMethod`: 6 and 7 encrypt where the server offers it.
pub(super) fn if_one(value: &str) -> Safety {
    off_if(!is_one_of(value, &["1"]))
}

/// libpq's words, as Redshift's driver has them: `allow` and `prefer` leave it to the server.
pub(super) fn libpq_mode(value: &str) -> Safety {
    match () {
        () if is_one_of(value, &["verify-full"]) => Safety::Host,
        () if is_one_of(value, &["verify-ca"]) => Safety::Authority,
        () => off_if(!is_one_of(value, &["require"])),
    }
}

/// psqlodbc looks at the first letter of `SSLmode`, or `CA` for short, and takes what it does not know for `disable`
/// (dlg_specific.c, copyConnAttributes): a capital, a brace, a blank, nothing. After `v` it looks at one more, or lets
/// libpq read the word. `allow` and `prefer` leave it to the server.
pub(super) fn sslmode(value: &str) -> Safety {
    match value {
        "verify-full" => Safety::Host,
        _ if value.starts_with("vf") => Safety::Host,
        _ if value.starts_with('v') => Safety::Authority,
        _ => off_if(!value.starts_with('r')),
    }
}

/// MariaDB's driver takes a number (ma_dsn.c, DSN_TYPE_BOOL), and any word for 0.
pub(super) fn if_a_number(value: &str) -> Safety {
    let number = value.trim_matches([' ', '{', '}']).parse::<u8>();
    off_if(!number.is_ok_and(|number| number != 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Reader = fn(&str) -> Safety;

    #[test]
    fn what_is_not_certainly_safe_is_off() {
        for (reader, safe, off) in [
            (unless_no as Reader, &["1", "yes", ""] as &[&str], &["0", " No ", "{false}", "OFF"] as &[&str]),
            (unless_yes, &["0", "no", ""], &["1", "Yes", "{true}", "on"]),
            (if_yes, &["1", "True", "{yes}"], &["", "0", "on", "2"]),
            (if_full, &["Full", "{full}"], &["CA", "None", ""]),
            (if_ssl, &["SSL", "ssl"], &["", "none", "TLS"]),
            (if_one, &["1", "{1}"], &["0", "6", "7", "", "11"]),
            (libpq_mode, &["require", "VERIFY-CA", "{verify-full}"], &["disable", "allow", "prefer", "", "r"]),
        ] {
            assert!(safe.iter().all(|value| reader(value) > Safety::Off), "{safe:?}");
            assert!(off.iter().all(|value| reader(value) == Safety::Off), "{off:?}");
        }
        assert!(libpq_mode("require") < libpq_mode("verify-ca") && libpq_mode("verify-ca") < libpq_mode("verify-full"));
    }
}
