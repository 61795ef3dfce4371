//! The traits whose methods the cases call on a transaction. A storage's own come with its bounds.

pub(crate) use jangteo_application::{
    IdempotencyRepository as _, LeaseRepository as _, Outbox as _, UndeliveredEvents as _,
};
pub(crate) use jangteo_coupon::{CampaignRepository as _, IssuedCouponRepository as _};
pub(crate) use jangteo_order::OrderRepository as _;
pub(crate) use jangteo_payment::PaymentRepository as _;
pub(crate) use jangteo_point::PointRepository as _;
pub(crate) use jangteo_product::ProductRepository as _;
pub(crate) use jangteo_ranking::SalesRepository as _;
pub(crate) use jangteo_refund::RefundRepository as _;
pub(crate) use jangteo_shared_kernel::Transaction as _;
pub(crate) use jangteo_user::{RefreshFamilyRepository as _, UserRepository as _};
