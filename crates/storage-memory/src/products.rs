//! The catalogue and its stock.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use jangteo_product::{
    Product, ProductList, ProductPosition, ProductQueries, ProductRepository, ProductSort, Products,
    StockAdjustment,
};
use jangteo_shared_kernel::{Page, PageRequest, ProductId, StorageError};

use crate::list::page;
use crate::{MemoryStorage, MemoryTransaction};

impl ProductRepository for MemoryTransaction {
    async fn lock_products(&mut self, ids: &BTreeSet<ProductId>) -> Result<Products, StorageError> {
        self.products.lock(&self.shared, |state| &state.products, ids).await
    }

    async fn insert_products(&mut self, new: &[Product]) -> Result<(), StorageError> {
        let state = self.shared.state();
        self.products.insert(&state.products, new.iter().map(|product| (product.id, product.clone())))
    }

    async fn save_catalogue(&mut self, changed: &[Product]) -> Result<(), StorageError> {
        let state = self.shared.state();
        self.products.check_held(changed.iter().map(|product| &product.id))?;
        for product in changed {
            self.products.change(&state.products, &product.id, |row| {
                *row = Product { stock: row.stock, stock_version: row.stock_version, ..product.clone() };
            });
        }
        Ok(())
    }

    async fn save_stock(&mut self, changed: &[Product]) -> Result<(), StorageError> {
        let state = self.shared.state();
        self.products.check_held(changed.iter().map(|product| &product.id))?;
        for product in changed {
            self.products.change(&state.products, &product.id, |row| {
                row.stock = product.stock;
                row.stock_version = product.stock_version;
            });
        }
        Ok(())
    }

    async fn insert_stock_adjustments(&mut self, new: &[StockAdjustment]) -> Result<(), StorageError> {
        let state = self.shared.state();
        let rows = new.iter().map(|adjustment| (adjustment.id, adjustment.clone()));
        self.stock_adjustments.insert(&state.stock_adjustments, rows)
    }
}

impl ProductQueries for MemoryStorage {
    async fn find_product(&self, id: ProductId) -> Result<Option<Product>, StorageError> {
        Ok(self.shared.state().products.get(&id).cloned())
    }

    async fn list_products(
        &self,
        list: &ProductList,
    ) -> Result<Page<Product, ProductPosition>, StorageError> {
        let state = self.shared.state();
        let shown = |product: &&Product| {
            let begins = |prefix: &str| product.name.key().as_str().starts_with(prefix);
            product.status == list.filter.status
                && list.filter.name_prefix.as_ref().is_none_or(|prefix| begins(prefix.as_str()))
        };
        let sort = list.sort;
        let after = list.page.after.clone().filter(|position| order(sort, position, position).is_some());
        let request = PageRequest { limit: list.page.limit, after };
        Ok(page(
            state.products.values().filter(shown),
            &request,
            |product| sort.position(product),
            |a, b| order(sort, a, b).unwrap_or(Ordering::Equal),
        ))
    }
}

/// Which of two positions comes first; `None` if one belongs to a list of another order.
fn order(sort: ProductSort, a: &ProductPosition, b: &ProductPosition) -> Option<Ordering> {
    use ProductPosition::{Name, Newest, Price};
    Some(match (sort, a, b) {
        (ProductSort::Newest, Newest { created_at: a, id: a_id }, Newest { created_at: b, id: b_id }) => {
            (b, b_id).cmp(&(a, a_id))
        }
        (ProductSort::PriceAscending, Price { amount: a, id: a_id }, Price { amount: b, id: b_id }) => {
            (a, a_id).cmp(&(b, b_id))
        }
        (ProductSort::PriceDescending, Price { amount: a, id: a_id }, Price { amount: b, id: b_id }) => {
            (b, a_id).cmp(&(a, b_id))
        }
        (ProductSort::Name, Name { key: a, id: a_id }, Name { key: b, id: b_id }) => {
            (a, a_id).cmp(&(b, b_id))
        }
        _ => return None,
    })
}
