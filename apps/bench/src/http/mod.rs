//! The least HTTP/1.1 client that is right. It shares two cores with what it measures, so it costs next to nothing: one
//! write and one read a request, no allocation, no pool.

mod answer;
mod connection;

pub(crate) use answer::Answer;
pub(crate) use connection::Connection;
