//! Products inside a transaction.

use std::collections::{BTreeMap, BTreeSet};

use jangteo_product::{Product, ProductRepository, Products, StockAdjustment};
use jangteo_shared_kernel::{ProductId, StorageError};

use crate::SeaOrmTransaction;
use crate::entity::{product_stock, products, stock_adjustments};
use crate::rows;
use crate::set::{InsertSet, SelectSet, UpdateSet};

static LOCK_STOCK: SelectSet<product_stock::Entity> = SelectSet::locking(&[product_stock::Column::ProductId]);
static READ_CATALOGUE: SelectSet<products::Entity> = SelectSet::by(&[products::Column::Id]);
static INSERT_CATALOGUE: InsertSet<products::Entity> = InsertSet::new();
static INSERT_STOCK: InsertSet<product_stock::Entity> = InsertSet::new();
static INSERT_ADJUSTMENTS: InsertSet<stock_adjustments::Entity> = InsertSet::new();
static SAVE_CATALOGUE: UpdateSet<products::Entity> = UpdateSet::setting(&[
    products::Column::Name,
    products::Column::NameKey,
    products::Column::Description,
    products::Column::PriceAmount,
    products::Column::Currency,
    products::Column::Status,
    products::Column::Version,
    products::Column::UpdatedAt,
]);
static SAVE_STOCK: UpdateSet<product_stock::Entity> =
    UpdateSet::setting(&[product_stock::Column::Quantity, product_stock::Column::Version]);

impl ProductRepository for SeaOrmTransaction {
    async fn lock_products(&mut self, ids: &BTreeSet<ProductId>) -> Result<Products, StorageError> {
        // The stock row stands for the product: whoever changes either part holds it. The catalogue part is read
        // after the lock was granted, so it is as it is now.
        let stock = self.lane.select(&LOCK_STOCK, rows::keys(ids)).await?;
        let stock: BTreeMap<_, _> = stock.into_iter().map(|row| (row.product_id, row)).collect();
        let catalogue = self.lane.select(&READ_CATALOGUE, rows::keys(ids)).await?;
        let products = catalogue
            .iter()
            .map(|row| rows::products::product(row, stock.get(&row.id)).map(|product| (product.id, product)));
        products.collect()
    }

    async fn insert_products(&mut self, new: &[Product]) -> Result<(), StorageError> {
        self.note_written(new, true);
        let catalogue: Vec<_> = new.iter().map(rows::products::catalogue_row).collect();
        let stock: Vec<_> = new.iter().map(rows::products::stock_row).collect();
        self.lane.insert(&INSERT_CATALOGUE, &catalogue).await?;
        self.lane.insert(&INSERT_STOCK, &stock).await
    }

    async fn save_catalogue(&mut self, changed: &[Product]) -> Result<(), StorageError> {
        self.note_written(changed, true);
        let changed: Vec<_> = changed.iter().map(rows::products::catalogue_row).collect();
        self.lane.update(&SAVE_CATALOGUE, &changed).await
    }

    async fn save_stock(&mut self, changed: &[Product]) -> Result<(), StorageError> {
        self.note_written(changed, false);
        let changed: Vec<_> = changed.iter().map(rows::products::stock_row).collect();
        self.lane.update(&SAVE_STOCK, &changed).await
    }

    async fn insert_stock_adjustments(&mut self, new: &[StockAdjustment]) -> Result<(), StorageError> {
        let new: Vec<_> = new.iter().map(rows::products::adjustment_row).collect();
        self.lane.insert(&INSERT_ADJUSTMENTS, &new).await
    }
}
