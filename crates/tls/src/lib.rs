//! TLS to the servers that a shop uses, as far as the drivers leave it open (ADR-043): how well a connection is protected,
//! which host is this machine, whose certificates count, and why a handshake failed, in words for an operator.
//!
//! The drivers of databases and of Redis speak TLS themselves, by rustls with *ring*.
//!
//! ```
//! use jangteo_tls::is_this_machine;
//!
//! assert!(is_this_machine("localhost"));
//! assert!(!is_this_machine("db.example.com"));
//! ```
#![deny(missing_docs)]

mod authorities;
mod failure;
mod protection;
mod provider;

pub use authorities::{InvalidAuthorities, check_authorities, read_authorities};
pub use failure::failure;
pub use protection::{Protection, is_this_machine};
pub use provider::settle_provider;
