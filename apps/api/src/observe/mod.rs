//! What the server tells about its requests.

mod logging;
mod names;
mod request;

pub(crate) use logging::start_logging;
pub(crate) use request::{Observer, observe};
