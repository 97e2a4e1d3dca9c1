//! The providers that the host program has registered, by name.

use crate::host_calls::HostCalls;
use crate::token::Secret;
use std::any::Any;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What a provider is asked: for a token for these settings.
pub struct Question {
    /// `TokenCallback`.
    pub name: String,
    /// `TokenScope`, else the profile's.
    pub scope: Option<String>,
    /// `TokenTenant`.
    pub tenant: Option<String>,
    /// `TokenClientId`.
    pub client_id: Option<String>,
    /// `TokenUser`.
    pub user: Option<String>,
    /// After so long nobody waits for the answer any more.
    pub left: Duration,
    /// The person before this program may be asked.
    pub may_ask: bool,
    /// The token that the new one is to replace.
    pub instead_of: Option<Secret>,
}

/// What it answers.
pub enum Answer {
    /// A token.
    Token {
        /// Its text.
        text: String,
        /// How long it is good for, where the provider knows.
        life: Option<Duration>,
    },
    /// There is none for whoever asks; with the reason.
    Refused(String),
    /// There is none just now; with the reason.
    Unreachable(String),
    /// Something that is no answer; says what is wrong with it.
    Nothing(&'static str),
}

/// A function of the host program's.
pub struct Provider {
    name: String,
    /// Another one of the same name has another.
    pub number: u64,
    give: Box<dyn Fn(&Question) -> Answer + Send + Sync>,
    calls: HostCalls,
}

/// Its lock is held for a look only.
static PROVIDERS: Mutex<Vec<Arc<Provider>>> = Mutex::new(Vec::new());

fn providers() -> MutexGuard<'static, Vec<Arc<Provider>>> {
    PROVIDERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets no other thread at the providers until the result is dropped.
pub fn hold() -> Box<dyn Any> {
    Box::new(providers())
}

/// The one of this name, as it is written.
pub fn provider(name: &str) -> Option<Arc<Provider>> {
    providers().iter().find(|provider| provider.name == name).cloned()
}

/// Registers `give` under a name; `None` where there is one of that name already. It is called on a thread of tokenshim's,
/// perhaps on several at once, with no lock held.
pub fn register(name: &str, give: impl Fn(&Question) -> Answer + Send + Sync + 'static) -> Option<Arc<Provider>> {
    static NUMBER: AtomicU64 = AtomicU64::new(1);
    let number = NUMBER.fetch_add(1, Relaxed);
    let provider = Arc::new(Provider { name: name.to_owned(), number, give: Box::new(give), calls: HostCalls::none() });
    let mut providers = providers();
    let is_free = providers.iter().all(|other| other.name != name);
    is_free.then(|| {
        providers.push(Arc::clone(&provider));
        provider
    })
}

impl Provider {
    /// From now on nobody asks it. Returns whether a call of it still runs.
    pub fn unregister(self: &Arc<Self>) -> bool {
        providers().retain(|other| !Arc::ptr_eq(other, self));
        self.calls.close()
    }

    /// Its answer; `None` where it is not asked any more, or `most` calls of it run already.
    pub(super) fn ask(&self, question: &Question, most: u32) -> Option<Answer> {
        let _call = self.calls.begin(most)?;
        Some((self.give)(question))
    }
}
