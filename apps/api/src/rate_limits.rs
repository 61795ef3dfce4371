//! How many requests a client may make, by class of route (ADR-044).

use std::net::{IpAddr, Ipv4Addr};

use actix_web::HttpMessage as _;
use actix_web::HttpRequest;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::web::Bytes;
use jangteo_application::{Allowance, Client, Metered, RateLimit, Sources};
use jangteo_redis::{Redis, RedisAllowances};
use jangteo_security::{CounterNames, FieldKeys};
use jangteo_shared_kernel::RefreshFamilyId;

use crate::config::Settings;
use crate::problem::{Problem, whole_seconds};
use crate::transport::{TrustedProxies, network_of};

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// What kind of work a route is, and so which limit its requests have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RouteClass {
    /// Changes nothing, and looks at little.
    Reads,
    /// Changes something.
    Writes,
    /// Hashes a password, or tells whether an account is there.
    Credentials,
    /// Reads everything.
    Reports,
}

impl RouteClass {
    /// As settings, headers and figures name it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Reads => "reads",
            Self::Writes => "writes",
            Self::Credentials => "credentials",
            Self::Reports => "reports",
        }
    }

    /// Whether anybody with a token is counted by their log-in where nobody needs one. Not where log-ins are made: whoever has
    /// many would have as many attempts.
    pub(crate) const fn knows_log_ins(self) -> bool {
        !matches!(self, Self::Credentials)
    }
}

/// The limits of all classes.
#[derive(Debug)]
pub(crate) struct RateLimits {
    reads: ClassLimit,
    writes: ClassLimit,
    credentials: ClassLimit,
    reports: ClassLimit,
    names: CounterNames,
    proxies: TrustedProxies,
}

#[derive(Debug)]
struct ClassLimit {
    limit: RateLimit<RedisAllowances>,
    policy: HeaderValue,
}

/// What an answer tells its client of the limit (draft-ietf-httpapi-ratelimit-headers).
#[derive(Debug)]
pub(crate) struct RateLimitHeaders {
    policy: HeaderValue,
    limit: HeaderValue,
}

impl RateLimits {
    /// Limits as they are configured, which instances with the same Redis share; `None` if they are switched off.
    pub(crate) fn new(
        settings: &Settings,
        redis: Option<&Redis>,
        sources: &Sources,
        keys: &FieldKeys,
    ) -> Option<Self> {
        let limit = |class: RouteClass| {
            let allowance = settings.allowances.of(class);
            let shared = redis.cloned().map(RedisAllowances::new);
            let limit = RateLimit::new(class.name(), allowance, shared, sources.clone());
            ClassLimit { limit, policy: policy(class, allowance) }
        };
        settings.rate_limit.then(|| Self {
            reads: limit(RouteClass::Reads),
            writes: limit(RouteClass::Writes),
            credentials: limit(RouteClass::Credentials),
            reports: limit(RouteClass::Reports),
            names: CounterNames::new(keys),
            proxies: settings.transport.trusted_proxies.clone(),
        })
    }

    /// Counts a request, by its log-in if there is one and by its client's address otherwise, and notes on it what its answer
    /// tells. A problem if it is one too many.
    pub(crate) async fn count(
        &self,
        class: RouteClass,
        request: &HttpRequest,
        log_in: Option<RefreshFamilyId>,
    ) -> Result<(), Problem> {
        let ClassLimit { limit, policy } = self.of(class);
        let client = match log_in {
            Some(family) => Client::LogIn(family),
            None => Client::Address(self.address(request)),
        };
        let metered = limit.count(client, || self.name(class, client)).await;
        let headers = RateLimitHeaders { policy: policy.clone(), limit: told(class, &metered) };
        request.extensions_mut().insert(headers);
        if metered.passes { Ok(()) } else { Err(Problem::rate_limited(metered.renews_in)) }
    }

    fn of(&self, class: RouteClass) -> &ClassLimit {
        match class {
            RouteClass::Reads => &self.reads,
            RouteClass::Writes => &self.writes,
            RouteClass::Credentials => &self.credentials,
            RouteClass::Reports => &self.reports,
        }
    }

    fn address(&self, request: &HttpRequest) -> IpAddr {
        let address = self.proxies.client(request).map(network_of);
        // Whoever comes without an address shares this one, which nobody has.
        address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
    }

    fn name(&self, class: RouteClass, client: Client) -> String {
        match client {
            Client::LogIn(family) => self.names.name(class.name(), &family.to_string()),
            Client::Address(address) => self.names.name(class.name(), &address.to_string()),
        }
    }
}

impl RateLimitHeaders {
    /// Puts them into an answer.
    pub(crate) fn complete(self, headers: &mut HeaderMap) {
        headers.insert(RATE_LIMIT_POLICY, self.policy);
        headers.insert(RATE_LIMIT, self.limit);
    }
}

fn policy(class: RouteClass, allowance: Allowance) -> HeaderValue {
    let Allowance { requests, window } = allowance;
    visible(format!("\"{}\";q={requests};w={}", class.name(), window.as_secs()))
}

fn told(class: RouteClass, metered: &Metered) -> HeaderValue {
    let Metered { left, renews_in, .. } = metered;
    visible(format!("\"{}\";r={left};t={}", class.name(), whole_seconds(*renews_in)))
}

/// A value of a text that holds nothing but visible ASCII.
fn visible(text: String) -> HeaderValue {
    HeaderValue::from_maybe_shared(Bytes::from(text)).unwrap_or_else(|_| HeaderValue::from_static(""))
}
