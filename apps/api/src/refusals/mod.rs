//! What each use case refuses, as a problem. Every match names every refusal, so that a new one does not compile until
//! it has a code.

mod coupon;
mod order;
mod payment;
mod point;
mod product;
mod refund;
mod session;

pub(crate) use coupon::cannot_claim;
pub(crate) use order::{cannot_cancel, cannot_place};
pub(crate) use payment::cannot_pay;
pub(crate) use point::{cannot_charge, cannot_grant};
pub(crate) use product::{cannot_adjust, cannot_edit};
pub(crate) use refund::{cannot_cancel_payment, cannot_refund};
pub(crate) use session::{cannot_change_password, cannot_log_in, cannot_refresh, no_credential};
