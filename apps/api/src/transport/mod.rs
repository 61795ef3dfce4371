//! How requests come in and answers go out: connections, encryption, time-outs, and what browsers are told.

mod ahead;
mod certificate;
mod connection;
mod headers;
mod listen;
mod origins;
mod patience;
mod pieces;
mod proxies;
mod tls;

pub(crate) use ahead::Ahead;
pub(crate) use headers::{OWN_FILES, SecurityHeaders};
pub(crate) use listen::{listen, serve};
pub(crate) use origins::{Origin, Origins};
pub(crate) use pieces::in_pieces;
pub(crate) use proxies::{TrustedProxies, network_of};
pub(crate) use tls::Tls;
