//! Refunds inside a transaction.

use jangteo_refund::{Refund, RefundRepository};
use jangteo_shared_kernel::StorageError;

use crate::SeaOrmTransaction;
use crate::entity::{refund_items, refund_shares, refunds};
use crate::rows;
use crate::set::InsertSet;

static INSERT: InsertSet<refunds::Entity> = InsertSet::new();
static INSERT_ITEMS: InsertSet<refund_items::Entity> = InsertSet::new();
static INSERT_SHARES: InsertSet<refund_shares::Entity> = InsertSet::new();

impl RefundRepository for SeaOrmTransaction {
    async fn insert_refunds(&mut self, new: &[Refund]) -> Result<(), StorageError> {
        let headers: Vec<_> = new.iter().map(rows::refunds::row).collect();
        let (mut items, mut shares) = (Vec::new(), Vec::new());
        for refund in new {
            let (of_refund, shares_of_refund) = rows::refunds::item_rows(refund)?;
            items.extend(of_refund);
            shares.extend(shares_of_refund);
        }
        self.lane.insert(&INSERT, &headers).await?;
        self.lane.insert(&INSERT_ITEMS, &items).await?;
        self.lane.insert(&INSERT_SHARES, &shares).await
    }
}
