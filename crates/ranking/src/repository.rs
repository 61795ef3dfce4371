//! What the context needs from a storage.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use jangteo_shared_kernel::{StorageError, Window};

use crate::{DailySales, ProductSales, RollUps, Sale, SalesKey};

/// Sales and roll-ups inside a transaction.
///
/// Whoever counts or rebuilds MUST be the only one that does; the transaction holds a lock for that before it calls
/// anything but [`SalesRepository::insert_uncounted_sales`], which needs none.
pub trait SalesRepository: Send {
    /// Adds sales that are to be counted.
    fn insert_uncounted_sales(
        &mut self,
        new: &[Sale],
    ) -> impl Future<Output = Result<(), StorageError>> + Send;

    /// At most `most` uncounted sales, those that were noted the longest ago first.
    fn list_uncounted_sales(
        &mut self,
        most: u32,
    ) -> impl Future<Output = Result<Vec<Sale>, StorageError>> + Send;

    /// Takes sales away from the uncounted, because they are counted. One that is not there is an error: somebody else
    /// has counted it.
    fn delete_uncounted_sales(
        &mut self,
        counted: &[Sale],
    ) -> impl Future<Output = Result<(), StorageError>> + Send;

    /// The roll-ups under these keys. MUST leave out those that are not there.
    fn find_roll_ups(
        &mut self,
        keys: &BTreeSet<SalesKey>,
    ) -> impl Future<Output = Result<RollUps, StorageError>> + Send;

    /// The roll-ups of a day.
    fn find_roll_ups_of(
        &mut self,
        day: NaiveDate,
    ) -> impl Future<Output = Result<RollUps, StorageError>> + Send;

    /// Saves roll-ups that are there already. MUST fail if one is not.
    fn save_roll_ups(
        &mut self,
        changed: &[DailySales],
    ) -> impl Future<Output = Result<(), StorageError>> + Send;

    /// Puts roll-ups in the place of whatever is under these keys.
    fn replace_roll_ups(
        &mut self,
        keys: &BTreeSet<SalesKey>,
        new: &[DailySales],
    ) -> impl Future<Output = Result<(), StorageError>> + Send;

    /// What the orders that were paid in a span of time sold, less what refunds have taken back of them, less what is
    /// still uncounted of either: that is, what has to be counted by now. By product and currency; those that add up to
    /// nothing may be there or not.
    ///
    /// MUST be computed from the orders and refunds as they are stored, and all of it as of **one moment**: then it is
    /// exact while the shop runs.
    fn sum_counted_sales(
        &mut self,
        sold: Window,
    ) -> impl Future<Output = Result<Vec<ProductSales>, StorageError>> + Send;
}
