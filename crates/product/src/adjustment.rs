//! Corrections of the stock: goods received, lost, counted again.

use jangteo_shared_kernel::{ProductId, Quantity, StockAdjustmentId, Timestamp};

use crate::{AdjustmentReason, Product, STOCK_LIMIT};

/// One correction, as it happened. Adjustments are only ever added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockAdjustment {
    /// Names it.
    pub id: StockAdjustmentId,
    /// Whose stock.
    pub product: ProductId,
    /// By how many units; never zero unless a product started with none.
    pub delta: i64,
    /// Why.
    pub reason: AdjustmentReason,
    /// The stock right after it.
    pub stock: Quantity,
    /// When.
    pub created_at: Timestamp,
}

/// Why a stock cannot be adjusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AdjustRefusal {
    /// Nothing would change.
    #[error("an adjustment by zero changes nothing")]
    Zero,
    /// The stock would fall below zero.
    #[error("only {left} left")]
    OutOfStock {
        /// How many there are.
        left: Quantity,
    },
    /// The stock would exceed [`STOCK_LIMIT`].
    #[error("a stock is at most {STOCK_LIMIT}")]
    TooMuch,
}

impl Product {
    /// Moves the stock by a signed number of units.
    pub fn adjust_stock(
        &mut self,
        id: StockAdjustmentId,
        delta: i64,
        reason: AdjustmentReason,
        now: Timestamp,
    ) -> Result<StockAdjustment, AdjustRefusal> {
        if delta == 0 {
            return Err(AdjustRefusal::Zero);
        }
        self.stock = if delta < 0 {
            self.stock.moved_by(delta).map_err(|_| AdjustRefusal::OutOfStock { left: self.stock })?
        } else {
            let stock = self.stock.moved_by(delta).map_err(|_| AdjustRefusal::TooMuch)?;
            if stock.get() > STOCK_LIMIT {
                return Err(AdjustRefusal::TooMuch);
            }
            stock
        };
        self.stock_version += 1;
        Ok(StockAdjustment { id, product: self.id, delta, reason, stock: self.stock, created_at: now })
    }

    /// The adjustment that accounts for the stock which a new product starts with.
    #[must_use]
    pub fn initial_adjustment(&self, id: StockAdjustmentId) -> StockAdjustment {
        StockAdjustment {
            id,
            product: self.id,
            delta: self.stock.into(),
            reason: AdjustmentReason::initial_stock(),
            stock: self.stock,
            created_at: self.created_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use jangteo_shared_kernel::{Currency, Money};
    use proptest::prelude::*;

    use super::*;
    use crate::{NewProduct, ProductStatus};

    fn product(stock: u32) -> Product {
        let new = NewProduct {
            name: "Mug".parse().unwrap(),
            description: "".parse().unwrap(),
            price: Money::new(1, Currency::KRW).try_into().unwrap(),
            status: ProductStatus::Suspended,
            stock: stock.try_into().unwrap(),
        };
        Product::create("01900000-0000-7000-8000-000000000001".parse().unwrap(), new, Timestamp::UNIX_EPOCH)
    }

    fn adjust(product: &mut Product, delta: i64) -> Result<StockAdjustment, AdjustRefusal> {
        let id = "01900000-0000-7000-8000-000000000002".parse().unwrap();
        product.adjust_stock(id, delta, "recount".parse().unwrap(), Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn stops_at_the_bounds_of_a_stock() {
        let mut mug = product(3);
        assert_eq!(adjust(&mut mug, 0), Err(AdjustRefusal::Zero));
        assert_eq!(adjust(&mut mug, -4), Err(AdjustRefusal::OutOfStock { left: Quantity::new(3).unwrap() }));
        assert_eq!(adjust(&mut mug, 1_000_000_000), Err(AdjustRefusal::TooMuch));
        assert_eq!(
            adjust(&mut mug, i64::MIN),
            Err(AdjustRefusal::OutOfStock { left: Quantity::new(3).unwrap() })
        );
        assert_eq!(adjust(&mut mug, i64::MAX), Err(AdjustRefusal::TooMuch));
        assert_eq!(mug.stock_version, 1);
        assert_eq!(adjust(&mut mug, -3).unwrap().stock, Quantity::ZERO);
    }

    proptest! {
        #[test]
        fn adjustments_add_up_to_the_stock(start in 0_u32..1_000, deltas in prop::collection::vec(-500_i64..500, 0..30)) {
            let mut mug = product(start);
            let mut received = mug.initial_adjustment("01900000-0000-7000-8000-000000000003".parse().unwrap()).delta;
            for delta in deltas {
                if let Ok(adjustment) = adjust(&mut mug, delta) {
                    received += adjustment.delta;
                    prop_assert_eq!(adjustment.stock, mug.stock);
                }
            }
            prop_assert_eq!(i64::from(mug.stock), received);
        }
    }
}
