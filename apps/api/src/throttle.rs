//! Which counters the shop has, and which attempts at passwords are counted.

use actix_web::HttpRequest;
use jangteo_application::{
    Counted, Counters, InProcessCounters, InvalidCredentials, LogInNames, Quota, SessionError, SessionTokens,
    Sources, ThrottledError, ThrottledLogIns,
};
use jangteo_redis::{Redis, RedisCounters};
use jangteo_security::FieldKeys;
use jangteo_shared_kernel::UserId;
use jangteo_user::Email;

use crate::config::Settings;
use crate::door_names::DoorNames;

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

/// Throttles log-ins, and changes of passwords.
#[derive(Debug)]
pub(crate) struct Throttle {
    log_ins: ThrottledLogIns<ShopCounters>,
    names: DoorNames,
}

impl Throttle {
    /// A throttle as it is configured; `None` if it is switched off.
    pub(crate) fn new(settings: &Settings, counters: ShopCounters, keys: &FieldKeys) -> Option<Self> {
        let [account, address] = [settings.account_failures, settings.address_failures];
        let log_ins = ThrottledLogIns { counters, account, address };
        let names = DoorNames::new(keys, &settings.transport.trusted_proxies);
        settings.rate_limit.then_some(Self { log_ins, names })
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
        let account = email.map(|email| self.names.account(email));
        self.log_ins.log_in(&self.names(request, account), log_in).await
    }

    /// Lets a password be changed unless there is a pause. Whoever holds somebody's token can guess here, too; it is counted
    /// apart from log-ins, so that they cannot keep the owner from one.
    pub(crate) async fn change_password<F>(
        &self,
        request: &HttpRequest,
        user: UserId,
        change: impl FnOnce() -> F,
    ) -> Result<(), ThrottledError>
    where
        F: Future<Output = Result<(), SessionError<InvalidCredentials>>>,
    {
        let account = self.names.password_account(user);
        self.log_ins.log_in(&self.names(request, Some(account)), change).await
    }

    fn names(&self, request: &HttpRequest, account: Option<String>) -> LogInNames {
        LogInNames { account, address: self.names.client(request) }
    }
}
