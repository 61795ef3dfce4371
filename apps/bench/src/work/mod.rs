//! What visitors do.

mod orders;

pub(crate) use orders::{Acknowledged, Choice, OrderBook, Ordering};
