//! Popular products: roll-ups and the catalogue, read together.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use jangteo_product::{Price, ProductName};
use jangteo_ranking::ProductSales;
use jangteo_shared_kernel::{Currency, Limit, StorageError, Timestamp};

/// A product that sells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PopularProduct {
    /// What it sold.
    pub sales: ProductSales,
    /// What it is called now.
    pub name: ProductName,
    /// What one unit costs now.
    pub price: Price,
    /// Whether no unit is left.
    pub sold_out: bool,
}

/// The products that sell best.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Popularity {
    /// Of what was committed when the ranking was read, everything that was noted before this instant is counted.
    pub as_of: Timestamp,
    /// The products in the order of their places.
    pub products: Vec<PopularProduct>,
}

/// Rankings outside transactions.
pub trait PopularityQueries: Sync {
    /// The products on sale that have sold best on these business days in this currency, at most `most` of them, in the
    /// order of [`ProductSales::place`]; those without net units have none. Read at `now`, which is
    /// [`Popularity::as_of`] unless an older sale is uncounted.
    ///
    /// MUST be read from roll-ups alone, whatever the number of orders, all of it as of one moment that is not before
    /// `now`. So MUST NOT be read from a replica.
    fn popular_products(
        &self,
        days: &BTreeSet<NaiveDate>,
        currency: Currency,
        most: Limit,
        now: Timestamp,
    ) -> impl Future<Output = Result<Popularity, StorageError>> + Send;
}
