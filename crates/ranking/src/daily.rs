//! Roll-ups: what was sold of a product on a day.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use jangteo_shared_kernel::{Currency, Money, MoneyError, ProductId};

use crate::{ProductSales, Sale};

/// Roll-ups by key.
pub type RollUps = BTreeMap<SalesKey, DailySales>;

/// What a roll-up is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SalesKey {
    /// The business day.
    pub day: NaiveDate,
    /// The product.
    pub product: ProductId,
    /// What its revenue is in. A shop that changes its currency never adds won to dollars.
    pub currency: Currency,
}

/// What was sold of a product on a business day, less what was taken back since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DailySales {
    /// The business day.
    pub day: NaiveDate,
    /// The product.
    pub product: ProductId,
    /// Net units. Below zero only while a refund is counted and its sale is not.
    pub units: i64,
    /// Net revenue.
    pub revenue: Money,
}

impl DailySales {
    /// A roll-up before anything is counted. It MUST NOT be stored as it is.
    #[must_use]
    pub const fn of_nothing(key: SalesKey) -> Self {
        Self { day: key.day, product: key.product, units: 0, revenue: Money::zero(key.currency) }
    }

    /// What a product sold on a day, as a roll-up.
    #[must_use]
    pub const fn of(day: NaiveDate, sales: &ProductSales) -> Self {
        Self { day, product: sales.product, units: sales.units, revenue: sales.revenue }
    }

    /// What it is about.
    #[must_use]
    pub const fn key(&self) -> SalesKey {
        SalesKey { day: self.day, product: self.product, currency: self.revenue.currency() }
    }

    /// Adds a sale of its day and product. An overflow is an error and changes nothing.
    pub fn count(&mut self, sale: &Sale) -> Result<(), MoneyError> {
        let units = self.units.checked_add(sale.units).ok_or(MoneyError::Overflow)?;
        self.revenue = self.revenue.plus(sale.revenue)?;
        self.units = units;
        Ok(())
    }

    /// Whether everything was taken back. Such a roll-up is not kept.
    #[must_use]
    pub const fn is_nothing(&self) -> bool {
        self.units == 0 && self.revenue.is_zero()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jangteo_shared_kernel::BusinessZone;

    fn sale(units: i64, amount: i64) -> Sale {
        Sale {
            id: "01900000-0000-7000-8000-000000000001".parse().unwrap(),
            noted_at: "2026-11-29T00:00:00Z".parse().unwrap(),
            product: "01900000-0000-7000-8000-000000000002".parse().unwrap(),
            units,
            revenue: Money::new(amount, Currency::KRW),
            sold_at: "2026-11-22T00:00:00Z".parse().unwrap(),
        }
    }

    fn empty() -> DailySales {
        DailySales::of_nothing(sale(0, 0).key(BusinessZone::SEOUL))
    }

    /// Hard case 15: the refund of last week's sale.
    #[test]
    fn hard_case_15_what_is_taken_back_counts_for_the_day_of_its_sale() {
        let (sold, taken_back) = (sale(3, 36_000), sale(-1, -12_000));
        assert_eq!(sold.key(BusinessZone::SEOUL), taken_back.key(BusinessZone::SEOUL));
        let mut day = empty();
        day.count(&sold).unwrap();
        day.count(&taken_back).unwrap();
        assert_eq!((day.units, day.revenue.amount()), (2, 24_000));
        assert_eq!(day.day.to_string(), "2026-11-22");
        day.count(&sale(-2, -24_000)).unwrap();
        assert!(day.is_nothing());
    }

    #[test]
    fn units_without_revenue_and_revenue_without_units_are_something() {
        for (units, amount) in [(1, 0), (0, 1), (-1, 0)] {
            let mut day = empty();
            day.count(&sale(units, amount)).unwrap();
            assert!(!day.is_nothing());
        }
    }

    /// Hard case 20: amounts at the edges of i64.
    #[test]
    fn hard_case_20_what_does_not_fit_is_an_error_and_changes_nothing() {
        let mut day = empty();
        day.count(&sale(i64::MAX, i64::MAX)).unwrap();
        let before = day;
        assert_eq!(day.count(&sale(1, 0)), Err(MoneyError::Overflow));
        assert_eq!(day.count(&sale(-1, 1)), Err(MoneyError::Overflow));
        assert_eq!(day, before);
    }
}
