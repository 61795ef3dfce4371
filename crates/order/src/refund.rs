//! Units that come back from a paid order. How much money goes back is the refund's to compute.

use jangteo_shared_kernel::{OrderLineId, Quantity};

use crate::{Order, OrderLine, OrderState};

/// Units of a line that are refunded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReturnedUnits {
    /// Of which line.
    pub line: OrderLineId,
    /// How many.
    pub quantity: Quantity,
    /// Whether they go back into the stock, which MUST happen in the same transaction.
    pub restock: bool,
}

/// What a refund made of an order. It follows units, never money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundedExtent {
    /// Units are left.
    Part,
    /// No unit is left; the order's coupon MUST be given back in the same transaction.
    All,
}

/// Why units cannot be refunded. Nothing has changed then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReturnRefusal {
    /// The order was never paid.
    #[error("the order was never paid")]
    NotPaid,
    /// The order has no such line.
    #[error("the order has no line {line}")]
    UnknownLine {
        /// Which.
        line: OrderLineId,
    },
    /// More units than are left, or none at all.
    #[error("only units that are left can be refunded, and at least one")]
    ExceedsLeft,
}

impl OrderLine {
    /// How many of its units were not refunded.
    #[must_use]
    pub fn left(&self) -> Quantity {
        self.quantity.minus(self.refunded).unwrap_or(Quantity::ZERO)
    }

    fn take_back(&mut self, quantity: Quantity, restock: bool) -> Result<(), ReturnRefusal> {
        if quantity == Quantity::ZERO || quantity > self.left() {
            return Err(ReturnRefusal::ExceedsLeft);
        }
        // Both counts stay within the line's units, so neither can overflow.
        let exceeds = |_| ReturnRefusal::ExceedsLeft;
        self.refunded = self.refunded.plus(quantity).map_err(exceeds)?;
        if restock {
            self.restocked = self.restocked.plus(quantity).map_err(exceeds)?;
        }
        Ok(())
    }
}

impl Order {
    /// Takes note of units that are refunded, all of them or none. A line may be named more than once.
    pub fn refund(&mut self, units: &[ReturnedUnits]) -> Result<RefundedExtent, ReturnRefusal> {
        let paid_at = self.state.paid_at().ok_or(ReturnRefusal::NotPaid)?;
        if units.is_empty() {
            return Err(ReturnRefusal::ExceedsLeft);
        }
        let mut lines = self.lines.clone();
        for returned in units {
            let line = lines.iter_mut().find(|line| line.id == returned.line);
            let line = line.ok_or(ReturnRefusal::UnknownLine { line: returned.line })?;
            line.take_back(returned.quantity, returned.restock)?;
        }
        self.lines = lines;
        let extent = if self.lines.iter().all(|line| line.left() == Quantity::ZERO) {
            RefundedExtent::All
        } else {
            RefundedExtent::Part
        };
        self.enter(match extent {
            RefundedExtent::Part => OrderState::PartiallyRefunded { paid_at },
            RefundedExtent::All => OrderState::Refunded { paid_at },
        });
        Ok(extent)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::OrderStatus;
    use crate::place::tests::order_of;

    fn paid(lines: &[(i64, u32)]) -> Order {
        let mut order = order_of(lines);
        if order.status() == OrderStatus::PendingPayment {
            order.pay(order.created_at).unwrap();
        }
        order
    }

    fn units(order: &Order, line: usize, quantity: u32, restock: bool) -> ReturnedUnits {
        ReturnedUnits { line: order.lines[line].id, quantity: Quantity::new(quantity).unwrap(), restock }
    }

    #[test]
    fn is_refunded_in_part_until_no_unit_is_left() {
        let mut order = paid(&[(1_000, 3), (500, 1)]);
        let paid_at = order.state.paid_at();
        assert_eq!(order.refund(&[units(&order, 0, 2, true)]), Ok(RefundedExtent::Part));
        assert_eq!(order.status(), OrderStatus::PartiallyRefunded);
        let rest = [units(&order, 0, 1, false), units(&order, 1, 1, true)];
        assert_eq!(order.refund(&rest), Ok(RefundedExtent::All));
        assert_eq!((order.status(), order.state.paid_at()), (OrderStatus::Refunded, paid_at));
        let counts = |line: &OrderLine| (line.refunded.get(), line.restocked.get());
        assert_eq!(order.lines.iter().map(counts).collect::<Vec<_>>(), [(3, 2), (1, 1)]);
    }

    #[test]
    fn follows_units_and_never_money() {
        let mut order = paid(&[(1_000, 1), (0, 1)]);
        assert_eq!(order.refund(&[units(&order, 0, 1, true)]), Ok(RefundedExtent::Part));
        assert_eq!(order.refund(&[units(&order, 1, 1, true)]), Ok(RefundedExtent::All));
        let mut free = paid(&[(0, 2)]);
        assert_eq!(free.refund(&[units(&free, 0, 1, true)]), Ok(RefundedExtent::Part));
        assert_eq!(free.refund(&[units(&free, 0, 1, true)]), Ok(RefundedExtent::All));
    }

    /// Hard case 7, as the order sees it: two refunds that fit alone, not together.
    #[test]
    fn hard_case_7_what_exceeds_what_is_left_changes_nothing() {
        let mut order = paid(&[(1_000, 3), (500, 1)]);
        order.refund(&[units(&order, 0, 2, true)]).unwrap();
        let before = order.clone();
        for too_many in [
            vec![units(&order, 0, 2, true)],
            vec![units(&order, 1, 1, true), units(&order, 0, 2, true)],
            vec![units(&order, 0, 1, true), units(&order, 0, 1, false)],
            vec![units(&order, 0, 0, true)],
            vec![],
        ] {
            assert_eq!(order.refund(&too_many), Err(ReturnRefusal::ExceedsLeft));
        }
        let line = "01900000-0000-7000-8000-0000000fffff".parse().unwrap();
        let unknown = ReturnedUnits { line, ..units(&order, 0, 1, true) };
        assert_eq!(order.refund(&[unknown]), Err(ReturnRefusal::UnknownLine { line }));
        assert_eq!(order, before);
    }

    #[test]
    fn only_a_paid_order_can_be_refunded() {
        let mut order = order_of(&[(1_000, 1)]);
        let one = [units(&order, 0, 1, true)];
        assert_eq!(order.refund(&one), Err(ReturnRefusal::NotPaid));
        order.cancel(order.created_at).unwrap();
        assert_eq!(order.refund(&one), Err(ReturnRefusal::NotPaid));
        let mut order = paid(&[(1_000, 1)]);
        order.refund(&one).unwrap();
        assert_eq!(order.refund(&one), Err(ReturnRefusal::ExceedsLeft));
    }

    proptest! {
        #[test]
        fn no_unit_comes_back_twice(steps in prop::collection::vec((0_usize..3, 0_u32..5, any::<bool>()), 0..30)) {
            let quantities = [4, 1, 7];
            let mut order = paid(&quantities.map(|quantity| (100, quantity)));
            let (mut refunded, mut restocked) = ([0; 3], [0; 3]);
            for (line, quantity, restock) in steps {
                let fits = quantity > 0 && refunded[line] + quantity <= quantities[line];
                let answer = order.refund(&[units(&order, line, quantity, restock)]);
                prop_assert_eq!(answer.is_ok(), fits);
                if fits {
                    refunded[line] += quantity;
                    restocked[line] += if restock { quantity } else { 0 };
                }
                prop_assert_eq!(order.status() == OrderStatus::Refunded, refunded == quantities);
                prop_assert_eq!(order.status() == OrderStatus::Paid, refunded == [0; 3]);
                prop_assert!(order.lines.iter().map(|line| line.refunded.get()).eq(refunded));
                prop_assert!(order.lines.iter().map(|line| line.restocked.get()).eq(restocked));
            }
        }
    }
}
