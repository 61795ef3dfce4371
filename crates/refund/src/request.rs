//! What somebody wants to have refunded.

use jangteo_shared_kernel::{OrderLineId, Quantity};

/// What somebody wants to have refunded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestedRefund {
    /// All units that are left; all of them go back into the stock.
    Everything,
    /// These, checked by [`RequestedRefund::these`].
    These(Vec<RequestedItem>),
}

/// Units of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestedItem {
    /// Of which line.
    pub line: OrderLineId,
    /// How many; above zero.
    pub quantity: Quantity,
    /// Whether they go back into the stock.
    pub restock: bool,
}

/// Why a list of items is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRequest {
    /// The list is empty.
    #[error("name at least one item, or leave the list out to refund all that is left")]
    Empty,
    /// An item has no unit.
    #[error("an item has at least one unit")]
    Quantity {
        /// Which of the items, from 0.
        index: usize,
    },
}

impl RequestedRefund {
    /// Exactly these items: at least one, each of at least one unit. A line may be named more than once; its items are
    /// summed.
    pub fn these(items: Vec<RequestedItem>) -> Result<Self, InvalidRequest> {
        if items.is_empty() {
            return Err(InvalidRequest::Empty);
        }
        if let Some(index) = items.iter().position(|item| item.quantity == Quantity::ZERO) {
            return Err(InvalidRequest::Quantity { index });
        }
        Ok(Self::These(items))
    }

    /// Whether all units go back into the stock. Only an administrator may ask for anything else.
    #[must_use]
    pub fn restocks_all(&self) -> bool {
        match self {
            Self::Everything => true,
            Self::These(items) => items.iter().all(|item| item.restock),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(quantity: u32, restock: bool) -> RequestedItem {
        let line = "01900000-0000-7000-8000-000000000001".parse().unwrap();
        RequestedItem { line, quantity: Quantity::new(quantity).unwrap(), restock }
    }

    #[test]
    fn refuses_no_item_and_no_unit() {
        assert_eq!(RequestedRefund::these(vec![]), Err(InvalidRequest::Empty));
        let second = RequestedRefund::these(vec![item(1, true), item(0, true)]);
        assert_eq!(second, Err(InvalidRequest::Quantity { index: 1 }));
    }

    #[test]
    fn knows_whether_anything_stays_out_of_the_stock() {
        let these = |items| RequestedRefund::these(items).unwrap().restocks_all();
        assert!(RequestedRefund::Everything.restocks_all());
        assert!(these(vec![item(1, true)]));
        assert!(!these(vec![item(1, true), item(1, false)]));
    }
}
