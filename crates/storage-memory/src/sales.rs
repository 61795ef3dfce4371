//! Sales, roll-ups and popular products.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use jangteo_application::{PopularProduct, Popularity, PopularityQueries};
use jangteo_product::ProductStatus;
use jangteo_ranking::{DailySales, ProductSales, RollUps, Sale, SaleId, SalesKey, SalesRepository};
use jangteo_shared_kernel::{
    Currency, Limit, Money, MoneyError, ProductId, Quantity, StorageError, Timestamp, Window,
};

use crate::fault::check;
use crate::{MemoryStorage, MemoryTransaction};

/// Where an uncounted sale stands.
pub(crate) type Noted = (Timestamp, SaleId);

fn noted(sale: &Sale) -> Noted {
    (sale.noted_at, sale.id)
}

impl SalesRepository for MemoryTransaction {
    async fn insert_uncounted_sales(&mut self, new: &[Sale]) -> Result<(), StorageError> {
        let state = self.shared.state();
        self.uncounted_sales.insert(&state.uncounted_sales, new.iter().map(|sale| (noted(sale), *sale)))
    }

    async fn list_uncounted_sales(&mut self, most: u32) -> Result<Vec<Sale>, StorageError> {
        let state = self.shared.state();
        let mut sales: Vec<Sale> =
            self.uncounted_sales.rows(&state.uncounted_sales).map(|(_, sale)| *sale).collect();
        sales.sort_unstable_by_key(noted);
        sales.truncate(usize::try_from(most).unwrap_or(usize::MAX));
        Ok(sales)
    }

    async fn delete_uncounted_sales(&mut self, counted: &[Sale]) -> Result<(), StorageError> {
        let state = self.shared.state();
        let gone =
            self.uncounted_sales.delete_free(&state.uncounted_sales, counted.iter().map(noted), usize::MAX);
        check(gone == counted.len(), "a sale was counted that is not uncounted")
    }

    async fn find_roll_ups(&mut self, keys: &BTreeSet<SalesKey>) -> Result<RollUps, StorageError> {
        let state = self.shared.state();
        let found = |key: &SalesKey| Some((*key, *self.daily_sales.get(&state.daily_sales, key)?));
        Ok(keys.iter().filter_map(found).collect())
    }

    async fn find_roll_ups_of(&mut self, day: NaiveDate) -> Result<RollUps, StorageError> {
        let state = self.shared.state();
        let rows = self.daily_sales.rows(&state.daily_sales).filter(|(key, _)| key.day == day);
        Ok(rows.map(|(key, sales)| (*key, *sales)).collect())
    }

    async fn save_roll_ups(&mut self, changed: &[DailySales]) -> Result<(), StorageError> {
        let state = self.shared.state();
        let keys = changed.iter().map(DailySales::key);
        let there = self.daily_sales.delete_free(&state.daily_sales, keys, usize::MAX);
        check(there == changed.len(), "a roll-up was saved that is not there")?;
        self.daily_sales.insert(&state.daily_sales, changed.iter().map(|sales| (sales.key(), *sales)))
    }

    async fn replace_roll_ups(
        &mut self,
        keys: &BTreeSet<SalesKey>,
        new: &[DailySales],
    ) -> Result<(), StorageError> {
        let state = self.shared.state();
        self.daily_sales.delete_free(&state.daily_sales, keys.iter().copied(), usize::MAX);
        self.daily_sales.insert(&state.daily_sales, new.iter().map(|sales| (sales.key(), *sales)))
    }

    async fn sum_counted_sales(&mut self, sold: Window) -> Result<Vec<ProductSales>, StorageError> {
        let state = self.shared.state();
        let mut sums = Sums::default();
        for (_, order) in self.orders.rows(&state.orders) {
            if order.state.paid_at().is_some_and(|paid_at| sold.contains(paid_at)) {
                for line in &order.lines {
                    sums.add(line.product, line.quantity.get().into(), line.net())?;
                }
            }
        }
        for (_, refund) in self.refunds.rows(&state.refunds) {
            if sold.contains(refund.paid_at) {
                for item in &refund.items {
                    sums.subtract(item.product, item.quantity.get().into(), item.amount)?;
                }
            }
        }
        for (_, sale) in self.uncounted_sales.rows(&state.uncounted_sales) {
            if sold.contains(sale.sold_at) {
                sums.subtract(sale.product, sale.units, sale.revenue)?;
            }
        }
        Ok(sums.0.into_values().collect())
    }
}

impl PopularityQueries for MemoryStorage {
    async fn popular_products(
        &self,
        days: &BTreeSet<NaiveDate>,
        currency: Currency,
        most: Limit,
        now: Timestamp,
    ) -> Result<Popularity, StorageError> {
        let state = self.shared.state();
        let mut sums = Sums::default();
        for sales in state.daily_sales.values() {
            if days.contains(&sales.day) && sales.revenue.currency() == currency {
                sums.add(sales.product, sales.units, sales.revenue)?;
            }
        }
        let popular = |sales: ProductSales| {
            let product = state.products.get(&sales.product)?;
            let shown = sales.has_place() && product.status == ProductStatus::OnSale;
            let sold_out = product.stock == Quantity::ZERO;
            let (name, price) = (product.name.clone(), product.price);
            shown.then_some(PopularProduct { sales, name, price, sold_out })
        };
        let mut products: Vec<PopularProduct> = sums.0.into_values().filter_map(popular).collect();
        products.sort_by_key(|product| product.sales.place());
        products.truncate(most.get().into());
        let oldest = state.uncounted_sales.values().next();
        Ok(Popularity { as_of: oldest.map_or(now, |sale| sale.noted_at.min(now)), products })
    }
}

/// What each product sold, by currency.
#[derive(Default)]
struct Sums(BTreeMap<(ProductId, Currency), ProductSales>);

impl Sums {
    fn add(&mut self, product: ProductId, units: i64, revenue: Money) -> Result<(), StorageError> {
        let fits = |error: MoneyError| StorageError::Fatal(error.into());
        let nothing = ProductSales { product, units: 0, revenue: Money::zero(revenue.currency()) };
        let sum = self.0.entry((product, revenue.currency())).or_insert(nothing);
        sum.units = sum.units.checked_add(units).ok_or(MoneyError::Overflow).map_err(fits)?;
        sum.revenue = sum.revenue.plus(revenue).map_err(fits)?;
        Ok(())
    }

    fn subtract(&mut self, product: ProductId, units: i64, revenue: Money) -> Result<(), StorageError> {
        let fits = |error: MoneyError| StorageError::Fatal(error.into());
        let units = units.checked_neg().ok_or(MoneyError::Overflow).map_err(fits)?;
        self.add(product, units, revenue.negated().map_err(fits)?)
    }
}
