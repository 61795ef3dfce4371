//! How requests come in and answers go out.

mod proxies;

pub(crate) use proxies::TrustedProxies;
