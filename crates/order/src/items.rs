//! What a customer asks for.

use jangteo_shared_kernel::{ProductId, Quantity};

/// The most lines that an order has.
pub const MAX_LINES: usize = 100;
/// The most units that a line has.
pub const MAX_LINE_QUANTITY: u32 = 999;

/// Products and quantities as an order takes them: merged, counted and in the order of first mention.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestedItems(Vec<(ProductId, Quantity)>);

/// Why a list of items is none that an order could have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidItems {
    /// There is nothing, or there are more than [`MAX_LINES`] items.
    #[error("an order has 1 to {MAX_LINES} items")]
    Count,
    /// An item has no unit or, with the earlier items of the same product, more than [`MAX_LINE_QUANTITY`].
    #[error("a line has 1 to {MAX_LINE_QUANTITY} units")]
    Quantity {
        /// Which of the items, from 0.
        index: usize,
    },
}

impl RequestedItems {
    /// Merges items of the same product (hard case 1) and checks the bounds, before anything is locked.
    pub fn new(items: impl IntoIterator<Item = (ProductId, Quantity)>) -> Result<Self, InvalidItems> {
        let mut merged: Vec<(ProductId, Quantity)> = Vec::new();
        let mut count = 0;
        for (index, (product, quantity)) in items.into_iter().enumerate() {
            count = index + 1;
            if count > MAX_LINES {
                return Err(InvalidItems::Count);
            }
            let refused = InvalidItems::Quantity { index };
            if quantity == Quantity::ZERO {
                return Err(refused);
            }
            // At most 100 entries: a scan is faster than a map and keeps the order.
            let earlier = merged.iter().position(|(other, _)| *other == product);
            let line = earlier.unwrap_or_else(|| {
                merged.push((product, Quantity::ZERO));
                merged.len() - 1
            });
            let total = merged[line].1.plus(quantity).map_err(|_| refused)?;
            if total.get() > MAX_LINE_QUANTITY {
                return Err(refused);
            }
            merged[line].1 = total;
        }
        if count == 0 { Err(InvalidItems::Count) } else { Ok(Self(merged)) }
    }

    /// The merged items.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (ProductId, Quantity)> {
        self.0.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn product(n: u128) -> ProductId {
        ProductId::from_uuid(format!("01900000-0000-7000-8000-{n:012x}").parse().unwrap())
    }

    fn items(list: &[(u128, u32)]) -> Result<RequestedItems, InvalidItems> {
        RequestedItems::new(list.iter().map(|&(n, quantity)| (product(n), Quantity::new(quantity).unwrap())))
    }

    /// Hard case 1: the same product twice in an order.
    #[test]
    fn hard_case_1_the_same_product_twice_is_one_line() {
        let merged = items(&[(7, 2), (3, 1), (7, 5)]).unwrap();
        let merged: Vec<_> = merged.iter().map(|(id, quantity)| (id, quantity.get())).collect();
        assert_eq!(merged, [(product(7), 7), (product(3), 1)]);
    }

    #[test]
    fn refuses_too_little_and_too_much() {
        assert_eq!(items(&[]), Err(InvalidItems::Count));
        assert_eq!(items(&[(1, 1); 101]), Err(InvalidItems::Count));
        assert_eq!(items(&[(1, 1), (2, 0)]), Err(InvalidItems::Quantity { index: 1 }));
        assert_eq!(items(&[(1, 1000)]), Err(InvalidItems::Quantity { index: 0 }));
        assert_eq!(items(&[(1, 600), (2, 1), (1, 400)]), Err(InvalidItems::Quantity { index: 2 }));
        assert!(items(&[(1, 999)]).is_ok());
    }

    proptest! {
        #[test]
        fn merging_keeps_every_unit(list in prop::collection::vec((0_u128..5, 1_u32..100), 1..9)) {
            let merged = items(&list).unwrap();
            for wanted in 0..5 {
                let asked: u32 = list.iter().filter(|(n, _)| *n == wanted).map(|(_, quantity)| quantity).sum();
                let got: u32 = merged.iter().filter(|(id, _)| *id == product(wanted)).map(|(_, q)| q.get()).sum();
                prop_assert_eq!(asked, got);
            }
        }
    }
}
