//! The server as its clients meet it: the real binary, a real database, a real client. One database a test.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that meets what it did not expect stops there, in its helpers too"
)]
#![expect(clippy::wrong_self_convention, reason = "`reply.is(201)` hands the reply on")]

mod accounts;
mod audit;
mod bad_input;
mod catalogue;
mod claim_storm;
mod command_line;
mod configuration;
mod coupons;
mod crashes;
mod events;
mod hard_cases;
mod kept_answers;
mod observability;
mod outage;
mod ownership;
mod paging;
mod popular;
mod precedence;
mod races;
mod refunds;
mod replay;
mod routes;
mod sessions;
mod shopping;
mod support;
mod tags;
mod throttling;
mod walk_through;
