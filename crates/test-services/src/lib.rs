//! Throw-away servers for tests, for benchmarks and for trying things out by hand.
//!
//! [`Server::start`] runs a server of the machine's own binaries in a temporary folder and on a free port, with its
//! defaults of durability: a commit is on the disk. It is for development only and knows nothing of the shop; the
//! conformance suite, which knows no engine, is elsewhere.
//!
//! The server is gone when its handle is dropped, and also when the process ends in any other way: a small shell waits
//! for the other end of a pipe to close, then kills the server and removes its folder. Statics are not dropped and a
//! panic may abort, so nothing else would do for [`shared`], the one server of a test binary.
//!
//! [`Standby`] is a replica of a server that [`Server::start_primary`] started. It can be killed and started again at its
//! address, and made to hang.
//!
//! Redis is no database to keep anything in, and has servers of its own kind: [`RedisServer`] and [`RedisCluster`] keep
//! nothing on the disk, and can be killed and started again at their address.
//!
//! [`Server::start_encrypted`] and [`RedisServer::start_encrypted`] take encrypted connections only, with a [`Certificate`] of
//! an [`Authority`].
//!
//! [`HaProxy`] stands in front of what is tested, with a configuration of the test's.
//!
//! PostgreSQL refuses to run as root; as root, servers run as `nobody`.
//!
//! ```no_run
//! use jangteo_test_services::{Service, shared};
//!
//! let url = shared(Service::Postgres).new_database();
//! assert!(url.starts_with("postgres://jangteo@127.0.0.1:"));
//! ```
#![deny(missing_docs)]

mod authority;
mod binaries;
mod proxy;
mod redis;
mod server;
mod service;
mod standby;
mod supervised;

use std::sync::LazyLock;

pub use authority::{Authority, Certificate};
pub use binaries::{MissingBinary, find_program};
pub use proxy::HaProxy;
pub use redis::{RedisCluster, RedisServer};
pub use server::{Server, StartError};
pub use service::Service;
pub use standby::Standby;

static POSTGRES: LazyLock<Server> = LazyLock::new(|| started(Service::Postgres));
static MARIADB: LazyLock<Server> = LazyLock::new(|| started(Service::MariaDb));

/// The server of this test binary, started on first use.
///
/// # Panics
/// If it cannot be started: a test that needs it has failed, and is not skipped.
#[must_use]
pub fn shared(service: Service) -> &'static Server {
    match service {
        Service::Postgres => &POSTGRES,
        Service::MariaDb => &MARIADB,
    }
}

#[expect(clippy::panic, reason = "this is for tests: without its server a test cannot go on")]
fn started(service: Service) -> Server {
    Server::start(service).unwrap_or_else(|error| panic!("a test needs {service}: {error}"))
}
