//! What a product sold over some days, and the place that it gets for that.

use std::cmp::Reverse;

use jangteo_shared_kernel::{Money, ProductId};

/// What was sold of a product over some days, less what was taken back since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProductSales {
    /// The product.
    pub product: ProductId,
    /// Net units.
    pub units: i64,
    /// Net revenue.
    pub revenue: Money,
}

impl ProductSales {
    /// Whether it has a place at all: something was sold, net.
    #[must_use]
    pub const fn has_place(&self) -> bool {
        self.units > 0
    }

    /// What places are sorted by, ascending, among sales of one currency: more units, then more revenue, then the lower id.
    #[must_use]
    pub fn place(&self) -> impl Ord + use<> {
        (Reverse(self.units), Reverse(self.revenue.amount()), self.product)
    }
}

#[cfg(test)]
mod tests {
    use jangteo_shared_kernel::Currency;

    use super::*;

    fn sales(n: u32, units: i64, amount: i64) -> ProductSales {
        let product = format!("01900000-0000-7000-8000-{n:012x}").parse().unwrap();
        ProductSales { product, units, revenue: Money::new(amount, Currency::KRW) }
    }

    #[test]
    fn units_decide_then_revenue_then_the_id() {
        let ranked = [sales(9, 5, 1), sales(8, 4, 900), sales(1, 4, 800), sales(2, 4, 800), sales(3, 1, 0)];
        let mut shuffled = ranked;
        shuffled.reverse();
        shuffled.swap(1, 3);
        shuffled.sort_by_key(ProductSales::place);
        assert_eq!(shuffled, ranked);
    }

    #[test]
    fn without_net_units_there_is_no_place() {
        assert!(sales(1, 1, 0).has_place());
        assert!(!sales(1, 0, 500).has_place());
        assert!(!sales(1, -1, 500).has_place());
    }
}
