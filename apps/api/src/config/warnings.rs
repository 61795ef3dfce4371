//! Settings that are legal and yet perhaps not meant.

use std::time::Duration;

use jangteo_security::Argon2idCost;

use super::Settings;
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
