//! Settings that are legal and yet perhaps not meant.

use std::time::Duration;

use jangteo_security::Argon2idCost;
use jangteo_storage_sea_orm::protection;
use jangteo_tls::Protection;

use super::settings::engine;
use super::{Collector, Settings};
use crate::transport::Origin;

pub(super) fn of(settings: &Settings) -> Vec<String> {
    let mut warnings = Vec::new();
    let transport = &settings.transport;
    if !settings.bind.ip().is_loopback() && transport.tls.is_none() {
        warnings.push(format!(
            "server.bind is {}: other machines can reach the server, without TLS; set server.tls.* or put a proxy with TLS before it",
            settings.bind
        ));
    }
    if transport.trusted_proxies.is_everybody() {
        warnings.push(
            "server.trusted_proxies is everybody: whoever connects can choose their address".to_owned(),
        );
    }
    if transport.origins.iter().any(Origin::is_overheard) {
        warnings.push(
            "server.cors.origins has an origin without TLS: whoever is between it and its readers can call"
                .to_owned(),
        );
    }
    warnings.extend(on_the_way("database.url", [&settings.database_url]));
    warnings.extend(on_the_way("database.replica_urls", &settings.replica_urls));
    if settings.redis.as_ref().is_some_and(|redis| redis.protection() == Protection::Readable) {
        warnings.push(format!("redis.url {READABLE}; write rediss://"));
    }
    if settings.collector.as_ref().is_some_and(Collector::is_overheard) {
        warnings.push(format!("telemetry.otlp.endpoint {READABLE}; write https://"));
    }
    if settings.access_lifetime > Duration::from_hours(1) {
        warnings.push("sessions.access_lifetime is above an hour".to_owned());
    }
    if settings.refresh_lifetime < settings.access_lifetime {
        warnings.push("sessions.refresh_lifetime is shorter than sessions.access_lifetime".to_owned());
    }
    let Argon2idCost { memory_kib, iterations, .. } = settings.password_cost;
    if memory_kib < Argon2idCost::OWASP.memory_kib || iterations < Argon2idCost::OWASP.iterations {
        warnings.push("passwords.* costs less than OWASP's minimum of 19456 KiB and 2 iterations".to_owned());
    }
    if settings.points.max_charge > settings.points.max_balance {
        warnings.push("points.max_charge exceeds points.max_balance".to_owned());
    }
    if !settings.rate_limit {
        warnings.push(
            "rate_limit.enabled is false: requests are not limited, and passwords can be guessed as fast as they are hashed"
                .to_owned(),
        );
    }
    warnings
}

const READABLE: &str = "is on another machine, without TLS or without insisting on it: whoever is on the way can read and change what is sent";

/// What is to be said of databases on other machines, of which the worst counts.
fn on_the_way<'a>(key: &str, urls: impl IntoIterator<Item = &'a String>) -> Option<String> {
    let found: Vec<_> = urls.into_iter().filter_map(|url| Some((protection(url).ok()?, url))).collect();
    let of = |wanted| found.iter().find(|(protection, _)| *protection == wanted).map(|(_, url)| *url);
    let (url, problem) = match (of(Protection::Readable), of(Protection::Unverified)) {
        (Some(url), _) => (url, READABLE),
        (None, Some(url)) => {
            (url, "is on another machine, and nobody makes sure that it is that machine which answers")
        }
        (None, None) => return None,
    };
    let remedy = match engine(url) {
        Some("mysql") => "ssl-mode=VERIFY_IDENTITY",
        _ => "sslmode=verify-full",
    };
    Some(format!("{key} {problem}; write {remedy}"))
}
