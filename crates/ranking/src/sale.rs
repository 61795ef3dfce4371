//! What was sold and is not counted yet.

use jangteo_shared_kernel::{BusinessZone, Id, Money, ProductId, Timestamp};

use crate::SalesKey;

/// A sale that is not counted yet, as an id's kind.
#[derive(Debug)]
pub enum SaleKind {}

/// Names a sale that is not counted yet.
pub type SaleId = Id<SaleKind>;

/// Units of a product that were sold, or taken back by a refund. It is written with the payment or the refund, and is gone
/// once it is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sale {
    /// Names it.
    pub id: SaleId,
    /// When it came to be known: at the payment, or at the refund. A ranking is as of the oldest that is uncounted.
    pub noted_at: Timestamp,
    /// Of which product.
    pub product: ProductId,
    /// How many units; negative if they were taken back.
    pub units: i64,
    /// What was paid for them, less discounts; negative if it was given back.
    pub revenue: Money,
    /// When the order was paid: the sale counts for that day.
    pub sold_at: Timestamp,
}

impl Sale {
    /// The roll-up that it counts for.
    #[must_use]
    pub fn key(&self, zone: BusinessZone) -> SalesKey {
        SalesKey { day: zone.day_of(self.sold_at), product: self.product, currency: self.revenue.currency() }
    }
}
