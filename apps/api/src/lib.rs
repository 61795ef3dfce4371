//! The server of Jangteo: configuration, wiring, HTTP and command line around the use cases of `jangteo-application`.
//!
//! Nothing here decides anything about the shop. A request becomes a command on its way through `call`, a use case
//! decides it, and what it says becomes an answer: a body of `body` or a `problem`. The table of `routes` is both what is
//! served and what the OpenAPI document says.
//!
//! The library is there for the binary `jangteo`; all of it is behind [`run`].

mod administration;
mod body;
mod call;
mod cli;
mod commands;
mod config;
mod docs;
mod door_names;
mod gate;
mod groups;
mod health;
mod jobs;
mod kept;
mod keys;
mod metrics;
mod observe;
mod openapi;
mod problem;
mod rate_limits;
mod refusals;
mod relay;
mod reply;
mod routes;
mod security_events;
mod server;
mod shop;
mod storage;
mod throttle;
mod traces;
mod transport;

pub use cli::run;
