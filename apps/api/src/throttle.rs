//! Which counters the shop has, and what its throttled log-ins are counted under.

use std::net::IpAddr;

use actix_web::HttpRequest;
use jangteo_application::{
    Counted, Counters, InProcessCounters, InvalidCredentials, LogInNames, Quota, SessionError, SessionTokens,
    Sources, ThrottledError, ThrottledLogIns,
};
use jangteo_redis::{Redis, RedisCounters};
use jangteo_security::{CounterNames, FieldKeys};
use jangteo_user::Email;

use crate::config::Settings;
use crate::transport::TrustedProxies;

/// The counters of the shop: the one place that names them.
#[derive(Debug)]
pub(crate) enum ShopCounters {
    /// For one instance, or for several that do not share.
    InProcess(InProcessCounters),
    /// For all instances together.
    Redis(RedisCounters),
}

impl ShopCounters {
    /// In Redis if there is one.
    pub(crate) fn new(redis: Option<Redis>, sources: Sources) -> Self {
        match redis {
            Some(redis) => Self::Redis(RedisCounters::new(redis, sources)),
            None => Self::InProcess(InProcessCounters::new(sources)),
        }
    }
}

impl Counters for ShopCounters {
    async fn count(&self, name: &str, quota: &Quota) -> Counted {
        match self {
            Self::InProcess(counters) => counters.count(name, quota).await,
            Self::Redis(counters) => counters.count(name, quota).await,
        }
    }

    async fn take_back(&self, name: &str) {
        match self {
            Self::InProcess(counters) => counters.take_back(name).await,
            Self::Redis(counters) => counters.take_back(name).await,
        }
    }

    async fn forget(&self, name: &str) {
        match self {
            Self::InProcess(counters) => counters.forget(name).await,
            Self::Redis(counters) => counters.forget(name).await,
        }
    }
}

/// Throttles log-ins.
#[derive(Debug)]
pub(crate) struct Throttle {
    log_ins: ThrottledLogIns<ShopCounters>,
    names: CounterNames,
    proxies: TrustedProxies,
}

impl Throttle {
    /// A throttle as it is configured; `None` if it is switched off.
    pub(crate) fn new(settings: &Settings, counters: ShopCounters, keys: &FieldKeys) -> Option<Self> {
        let [account, address] = [settings.account_failures, settings.address_failures];
        let log_ins = ThrottledLogIns { counters, account, address };
        let proxies = settings.transport.trusted_proxies.clone();
        settings.rate_limit.then(|| Self { log_ins, names: CounterNames::new(keys), proxies })
    }

    /// Lets a log-in happen unless there is a pause.
    pub(crate) async fn log_in<F>(
        &self,
        request: &HttpRequest,
        email: Option<&Email>,
        log_in: impl FnOnce() -> F,
    ) -> Result<SessionTokens, ThrottledError>
    where
        F: Future<Output = Result<SessionTokens, SessionError<InvalidCredentials>>>,
    {
        let address = self.proxies.client(request).map(|address| client(address).to_string());
        let names = LogInNames {
            account: email.map(|email| self.names.name("log-in-account", email.as_str())),
            address: self.names.name("log-in-address", &address.unwrap_or_default()),
        };
        self.log_ins.log_in(&names, log_in).await
    }
}

/// Who is behind an address. Whoever has one IPv6 address has all of its network of 64 bits.
fn client(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_an_address_or_a_network() {
        for (address, behind) in [
            ("192.0.2.1", "192.0.2.1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("2001:db8:1:2:ffff::1", "2001:db8:1:2::"),
        ] {
            assert_eq!(client(address.parse().unwrap()).to_string(), behind);
        }
    }
}
