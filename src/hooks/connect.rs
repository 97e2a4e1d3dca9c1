//! SQLConnect, and what all three ways to connect share: getting the token and handing it over.

use super::cancellation::HeldOff;
use super::refusal::is_refused;
use super::text::{self, Buffer};
use super::{ERROR, NEED_DATA, NTS, Return, SUCCESS, SUCCESS_WITH_INFO, any, bound, guard, live, login_time, real, same_width};
use crate::binding::Bound;
use crate::binding::abi::{Binding, Handle, Letter, TextPointer};
use crate::config::connection_string::ConnectionString;
use crate::config::resolve;
use crate::config::settings::Settings;
use crate::config::text::{Text, Width};
use crate::config::words::Words;
use crate::connection::signed::Signed;
use crate::connection::{self, Connection, renewal};
use crate::delivery::edits::Edits;
use crate::error::Error;
use crate::log::{Event, Line};
use crate::sign_in::{Application, SignIn, sign_in};
use core::ptr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// SQL_IS_POINTER: the value is an address, not a text.
const IS_POINTER: i32 = odbc_sys::IS_POINTER;

/// SQLConnect[A|W].
///
/// # Safety
/// As ODBC asks of SQLConnect's caller; `binding` came from the driver library.
#[allow(clippy::too_many_arguments)]
pub unsafe extern "C" fn connect(
    binding: *const Binding,
    letter: Letter,
    dbc: Handle,
    dsn: TextPointer,
    dsn_len: i16,
    user: TextPointer,
    user_len: i16,
    password: TextPointer,
    password_len: i16,
) -> Return {
    // SAFETY: as the caller promised.
    let bound = unsafe { bound(binding) };
    guard("SQLConnect", dbc, || {
        let held_off = HeldOff::begin();
        let Some(real_connect) = real(&bound.real.connect, letter) else { return Ok(ERROR) };
        // SAFETY: as the caller promised.
        let (width, name) = unsafe {
            let width = note_width(bound, letter, dbc, dsn, dsn_len);
            (width, text::read(dsn, dsn_len, width))
        };
        let nothing = || ConnectionString::empty(width);
        let name_text = name.as_ref().map(Text::decode).unwrap_or_default();
        let of = |string| Settings::of_data_source(&name_text, string, &bound.registry(), &bound.sections);
        let mut settings = of(nothing());
        // With Microsoft's words they may be who signs in, as in a connection string.
        if settings.first_of(&["Authentication"]).is_some() {
            // SAFETY: as the caller promised.
            let said = unsafe { [("UID", text::read(user, user_len, width)), ("PWD", text::read(password, password_len, width))] };
            let mut string = nothing();
            said.iter()
                .filter_map(|(keyword, said)| Some((keyword, said.as_ref().filter(|said| !said.units.is_empty())?)))
                .for_each(|(keyword, said)| string.set_text(keyword, said, true));
            settings = of(string);
        }
        let begun = Instant::now();
        let Some(sign_in) = begin(bound, dbc, &settings, begun)? else {
            drop(held_off);
            // SAFETY: the application's own arguments.
            return Ok(unsafe { real_connect(dbc, dsn, dsn_len, user, user_len, password, password_len) });
        };
        with_token(bound, dbc, letter, &settings, (sign_in, begun), |sign_in| {
            let edits = &sign_in.edits;
            if edits.fit_connect() {
                // SAFETY: the application's own DSN; the handle is the real driver's.
                return unsafe {
                    hand_over(bound, dbc, &sign_in, begun)?;
                    let mut token = edits.password.as_ref().map(|token| Buffer::of(&Text::encode(token.expose(), width)));
                    let (password, password_len) = token.as_mut().map_or((ptr::null_mut(), 0), |token| (token.pointer(), NTS));
                    let (user, user_len) = if edits.keep_user() { (user, user_len) } else { (ptr::null_mut(), 0) };
                    let code = real_connect(dbc, dsn, dsn_len, user, user_len, password, password_len);
                    settle(bound, dbc, code, sign_in, &nothing());
                    Ok(code)
                };
            }
            let Some(real_driver_connect) = same_width(&bound.real.driver_connect, letter) else {
                return Err(Error::DriverLacks { driver: bound.real_driver.clone(), function: "SQLDriverConnect", section: sign_in.section });
            };
            let mut string = nothing();
            string.set_text("DSN", name.as_ref().unwrap_or(&Text::empty(width)), false);
            // SAFETY: as the caller promised.
            if let (true, Some(user)) = (edits.keep_user(), unsafe { text::read(user, user_len, width) }) {
                string.set_text("UID", &user, true);
            }
            // What could lead nowhere as a text of its own may do so in a string, for a driver that pays no heed to braces.
            let attributes = connection::look(dbc as usize, |connection| connection.attributes.clone()).unwrap_or_default();
            sign_in.check_again(&of(string.clone()), &attributes, &bound.real_driver)?;
            let mut given = given(edits, &string);
            // SAFETY: texts of ours; no window, and nothing may be asked.
            unsafe {
                hand_over(bound, dbc, &sign_in, begun)?;
                let no_prompt = odbc_sys::DriverConnectOption::NoPrompt as u16;
                let code = real_driver_connect(dbc, ptr::null_mut(), given.pointer(), NTS, ptr::null_mut(), 0, ptr::null_mut(), no_prompt);
                settle(bound, dbc, code, sign_in, &nothing());
                Ok(code)
            }
        })
    })
}

/// What every connect begins with, which began at `begun`: the last record of ours goes, and there is a token where the
/// settings ask for one. `Ok(None)`: this connect is none of our business.
///
/// # Errors
/// There should be a token, but there is none.
pub fn begin(bound: &Bound, dbc: Handle, settings: &Settings, begun: Instant) -> Result<Option<SignIn>, Error> {
    let application = connection::with(dbc as usize, |connection| {
        connection.record = None;
        application(connection, begun)
    });
    // No lock is held while the token is fetched.
    let signed = sign_in(settings, &bound.real_driver, &application).inspect_err(|error| refused(settings, error))?;
    if let Some(signed) = &signed {
        let files = || bound.registry().files().into_iter().map(|file| file.display().to_string()).collect::<Vec<_>>();
        signed.renewer.log().say(Event::Files, |line| _ = line.list("files", files()));
    } else {
        login_time::give_back(bound, dbc);
        if !application.set_access_token {
            take_back(bound, dbc);
        }
    }
    Ok(signed)
}

/// This connect, for which there should be a token, is refused by tokenshim itself.
fn refused(settings: &Settings, error: &Error) {
    let log = resolve::log(settings).unwrap_or_default();
    log.say(Event::Refused, |line| _ = line.text("sqlstate", error.sqlstate()).text("words", error));
}

fn application(connection: &Connection, begun: Instant) -> Application {
    let login_timeout = connection.login_timeout_seconds.map(|seconds| (Duration::from_secs(seconds.into()), begun.elapsed()));
    Application {
        login_timeout,
        set_access_token: connection.application_token,
        attributes: connection.attributes.clone(),
        refused: None,
        may_ask: connection.may_ask,
    }
}

/// After a connect that ended with `code`: another sign-in, where the server refused a token that had been kept, and there
/// is another one to be had in time. Where there is none, the refusal is what the application should read.
pub fn another(
    bound: &Bound,
    dbc: Handle,
    letter: Letter,
    settings: &Settings,
    (sign_in, begun): (&SignIn, Instant),
    code: Return,
) -> Option<SignIn> {
    if !sign_in.was_kept || !is_refused(bound, dbc, letter, sign_in.edits.delivery.profile, code) {
        return None;
    }
    sign_in.renewer.log().say(Event::TokenRefused, |line| _ = line.number("code", code));
    let application = connection::look(dbc as usize, |connection| application(connection, begun)).unwrap_or_default();
    let another = self::sign_in(settings, &bound.real_driver, &Application { refused: Some(sign_in.token.clone()), ..application }).ok()??;
    (another.token.text != sign_in.token.text).then_some(another)
}

/// Connects; where the server refuses a token that had been kept, once more with a new one. The application sees only
/// how that ends.
///
/// # Errors
/// As `connect`.
pub fn with_token(
    bound: &Bound,
    dbc: Handle,
    letter: Letter,
    settings: &Settings,
    (sign_in, begun): (SignIn, Instant),
    mut connect: impl FnMut(SignIn) -> Result<Return, Error>,
) -> Result<Return, Error> {
    let log = sign_in.renewer.log();
    let mut connect = |sign_in| {
        let result = connect(sign_in).inspect_err(|error| refused(settings, error));
        let code = |line: &mut Line, code: &Return| _ = line.number("code", *code).milliseconds("milliseconds", begun.elapsed());
        result.inspect(|result| log.say(Event::Connect, |line| code(line, result)))
    };
    let code = connect(sign_in.clone())?;
    another(bound, dbc, letter, settings, (&sign_in, begun), code).map_or(Ok(code), connect)
}

/// Leaves the real driver its part of the time since the connect `begun`, and sets the token's attribute, where the delivery has
/// one: the last thing before the real connect.
///
/// # Safety
/// `dbc` is the real driver's handle.
pub unsafe fn hand_over(bound: &Bound, dbc: Handle, sign_in: &SignIn, begun: Instant) -> Result<(), Error> {
    login_time::shorten(bound, dbc, begun);
    let Some((attribute, structure)) = &sign_in.edits.attribute else { return Ok(()) };
    let Some(set) = any(&bound.real.set_connect_attr) else {
        return Err(Error::DriverLacks { driver: bound.real_driver.clone(), function: "SQLSetConnectAttr", section: sign_in.section.clone() });
    };
    let structure = Arc::clone(structure);
    // SAFETY: the driver keeps this address, so the memory goes into the table, where it outlives the handle.
    let code = unsafe { set(dbc, *attribute, structure.words().as_ptr().cast_mut().cast(), IS_POINTER) };
    if code != SUCCESS && code != SUCCESS_WITH_INFO {
        return Err(Error::DriverLacks {
            driver: bound.real_driver.clone(),
            function: "connection attribute for an access token",
            section: sign_in.section.clone(),
        });
    }
    // Only now may the memory of an earlier token on this handle go.
    let before = connection::with(dbc as usize, |connection| connection.access_token.replace(structure));
    drop(before);
    Ok(())
}

/// A handle that once had a token of ours, and now connects without: the driver must not use it again.
fn take_back(bound: &Bound, dbc: Handle) {
    let attribute = connection::look(dbc as usize, |connection| connection.access_token.is_some()).unwrap_or(false);
    if let (true, Some(set)) = (attribute, any(&bound.real.set_connect_attr)) {
        // SAFETY: NULL clears the attribute (Microsoft: SQL_COPT_SS_ACCESS_TOKEN).
        unsafe { set(dbc, odbc_sys::ConnectionAttribute::SS_ACCESS_TOKEN.0, ptr::null_mut(), IS_POINTER) };
        let _memory = connection::with(dbc as usize, |connection| connection.access_token.take());
    }
}

/// Remembers, after the real connect, what must be kept out of everything that comes back.
pub fn settle(bound: &Bound, dbc: Handle, code: Return, sign_in: SignIn, written: &ConnectionString) -> Option<Arc<Signed>> {
    let written = || Arc::new(Words::of(written));
    let signed = match code {
        SUCCESS | SUCCESS_WITH_INFO => Some(renewal::one(live::signed(bound, sign_in, written()).settled())),
        NEED_DATA => Some(Arc::new(live::signed(bound, sign_in, written()))),
        _ => None,
    };
    drop(connection::settle(dbc as usize, signed.clone()));
    signed.iter().filter(|_| code != NEED_DATA).for_each(|signed| live::watch(signed));
    // Setting an attribute would drop the driver's records, of which only SQL_SUCCESS has none.
    if code == SUCCESS {
        login_time::give_back(bound, dbc);
    }
    signed
}

/// The application's string as the real driver gets it.
pub fn given(edits: &Edits, string: &ConnectionString) -> Buffer {
    Buffer::of(&edits.apply(string).to_text())
}

/// How wide the characters of this call are, noted for diagnostics. A connect may ask nobody anything, unless it says so later.
///
/// # Safety
/// `pointer` is NULL or a text as `length` says.
pub unsafe fn note_width(bound: &Bound, letter: Letter, dbc: Handle, pointer: TextPointer, length: i16) -> Width {
    // SAFETY: as the caller promised.
    let width = unsafe { text::width(bound, letter, pointer, length) };
    connection::with(dbc as usize, |connection| {
        connection.wide = (letter == Letter::W).then_some(width);
        connection.may_ask = false;
    });
    width
}
