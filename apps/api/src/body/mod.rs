//! Bodies of requests and answers, by context.

pub(crate) mod audit;
pub(crate) mod coupon;
pub(crate) mod order;
pub(crate) mod payment;
pub(crate) mod point;
pub(crate) mod popular;
pub(crate) mod product;
pub(crate) mod refund;
pub(crate) mod session;
pub(crate) mod user;
pub(crate) mod values;

pub(crate) use values::{Instant, MoneyBody, PageBody};
