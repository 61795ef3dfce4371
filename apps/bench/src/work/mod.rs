//! What visitors do.

mod browsing;
mod claims;
mod orders;
mod purchases;
mod reads;

pub(crate) use browsing::{BrowseBook, Browsing};
pub(crate) use claims::{ClaimBook, Claiming};
pub(crate) use orders::{Acknowledged, Choice, OrderBook, Ordering};
pub(crate) use purchases::{PaymentBook, Purchasing};
pub(crate) use reads::{Question, Reading, get};
