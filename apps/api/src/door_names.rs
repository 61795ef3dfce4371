//! What those who log in are called where nobody is to be told who they are: in counters, and in the log.

use actix_web::HttpRequest;
use jangteo_security::{CounterNames, FieldKeys};
use jangteo_shared_kernel::UserId;
use jangteo_user::Email;

use crate::transport::{TrustedProxies, network_of};

/// Names accounts and clients (ADR-036). The log and the counters use the same names.
#[derive(Debug)]
pub(crate) struct DoorNames {
    names: CounterNames,
    proxies: TrustedProxies,
}

impl DoorNames {
    /// Names under these keys.
    pub(crate) fn new(keys: &FieldKeys, proxies: &TrustedProxies) -> Self {
        Self { names: CounterNames::new(keys), proxies: proxies.clone() }
    }

    /// An account that somebody wants to log in to.
    pub(crate) fn account(&self, email: &Email) -> String {
        self.names.name("log-in-account", email.as_str())
    }

    /// An account whose password somebody wants to change.
    pub(crate) fn password_account(&self, user: UserId) -> String {
        self.names.name("password-account", &user.to_string())
    }

    /// Where a request comes from.
    pub(crate) fn client(&self, request: &HttpRequest) -> String {
        let address = self.proxies.client(request).map(|address| network_of(address).to_string());
        self.names.name("log-in-address", &address.unwrap_or_default())
    }
}
