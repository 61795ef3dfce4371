//! What the server tells about its requests.

mod logging;
mod names;
mod request;

pub(crate) use logging::start_telling;
pub(crate) use request::{Observer, observe};
