//! The server as its clients meet it: the real binary, a real database, a real client. One database a test.
//!
//! Here it is the embedded one. What depends on the engine runs in `../postgres` and `../mariadb` as well: whatever
//! writes, pages, races, retries or dies. What does not, such as bad input, logs and settings, runs here only.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that meets what it did not expect stops there, in its helpers too"
)]
#![expect(clippy::wrong_self_convention, reason = "`reply.is(201)` hands the reply on")]

mod accounts;
mod alerts;
mod audit;
mod authorisation;
mod back_up;
mod bad_bodies;
mod bad_input;
mod catalogue;
mod claim_storm;
mod command_line;
mod configuration;
mod coupons;
mod crashes;
mod crowd;
mod encryption;
mod events;
mod figures;
mod hard_cases;
mod headers;
mod identity;
mod kept_answers;
mod key_rotation;
mod key_sources;
mod log_in_crowd;
mod log_in_timing;
mod observability;
mod origins;
mod outage;
mod ownership;
mod paging;
mod personal_data;
mod popular;
mod precedence;
mod races;
#[cfg(target_os = "linux")]
mod rate_limit_flood;
mod rate_limits;
mod redis_storm;
mod refunds;
mod replay;
mod routes;
mod security_events;
mod sessions;
mod shopping;
#[cfg(target_os = "linux")]
mod slow_clients;
mod support;
mod tags;
mod throttling;
mod token_keys;
mod traces;
mod walk_through;
mod wire;

/// Where the shops of these tests have their data: in a file each.
const DATABASE: Option<jangteo_test_services::Service> = None;
