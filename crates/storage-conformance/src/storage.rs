//! What a storage has to be.

use jangteo_application::{
    AuditQueries, IdempotencyQueries, IdempotencyRepository, LeaseRepository, Outbox, OutboxQueries,
    PopularityQueries, UndeliveredEvents,
};
use jangteo_coupon::{CampaignRepository, CouponQueries, IssuedCouponRepository};
use jangteo_order::{OrderQueries, OrderRepository};
use jangteo_payment::{PaymentQueries, PaymentRepository};
use jangteo_point::{PointQueries, PointRepository};
use jangteo_product::{ProductQueries, ProductRepository};
use jangteo_ranking::SalesRepository;
use jangteo_refund::{RefundQueries, RefundRepository};
use jangteo_shared_kernel::{Transaction, UnitOfWork};
use jangteo_user::{RefreshFamilyRepository, SealedAccountQueries, UserQueries, UserRepository};

/// A transaction that is every repository.
pub trait Repositories:
    Transaction
    + UserRepository
    + RefreshFamilyRepository
    + ProductRepository
    + OrderRepository
    + PaymentRepository
    + RefundRepository
    + PointRepository
    + CampaignRepository
    + IssuedCouponRepository
    + SalesRepository
    + IdempotencyRepository
    + Outbox
    + UndeliveredEvents
    + LeaseRepository
    + 'static
{
}

impl<T> Repositories for T where
    T: Transaction
        + UserRepository
        + RefreshFamilyRepository
        + ProductRepository
        + OrderRepository
        + PaymentRepository
        + RefundRepository
        + PointRepository
        + CampaignRepository
        + IssuedCouponRepository
        + SalesRepository
        + IdempotencyRepository
        + Outbox
        + UndeliveredEvents
        + LeaseRepository
        + 'static
{
}

/// A storage with everything that the use cases ask for. A clone is another handle of the same storage.
pub trait Storage:
    UnitOfWork<Tx: Repositories>
    + UserQueries
    + SealedAccountQueries
    + ProductQueries
    + OrderQueries
    + PaymentQueries
    + RefundQueries
    + PointQueries
    + CouponQueries
    + IdempotencyQueries
    + AuditQueries
    + OutboxQueries
    + PopularityQueries
    + Clone
    + 'static
{
}

impl<S> Storage for S where
    S: UnitOfWork<Tx: Repositories>
        + UserQueries
        + SealedAccountQueries
        + ProductQueries
        + OrderQueries
        + PaymentQueries
        + RefundQueries
        + PointQueries
        + CouponQueries
        + IdempotencyQueries
        + AuditQueries
        + OutboxQueries
        + PopularityQueries
        + Clone
        + 'static
{
}
