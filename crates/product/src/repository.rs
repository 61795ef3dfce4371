//! What the context needs from a storage.

use std::collections::{BTreeMap, BTreeSet};

use jangteo_shared_kernel::{Page, PageRequest, ProductId, StorageError, Timestamp};

use crate::{NameKey, Product, ProductStatus, StockAdjustment};

/// Locked products by id.
pub type Products = BTreeMap<ProductId, Product>;

/// Products inside a transaction.
pub trait ProductRepository: Send {
    /// Locks the products until the transaction ends, in ascending id, and reads them as they are after the lock
    /// was granted. MUST leave out unknown ids.
    fn lock_products(
        &mut self,
        ids: &BTreeSet<ProductId>,
    ) -> impl Future<Output = Result<Products, StorageError>> + Send;

    /// Adds products with their stock.
    fn insert_products(&mut self, new: &[Product]) -> impl Future<Output = Result<(), StorageError>> + Send;

    /// Saves the catalogue part of products that this transaction has locked, and leaves their stock alone.
    fn save_catalogue(
        &mut self,
        changed: &[Product],
    ) -> impl Future<Output = Result<(), StorageError>> + Send;

    /// Saves the stock of products that this transaction has locked, and leaves their catalogue part alone.
    fn save_stock(&mut self, changed: &[Product]) -> impl Future<Output = Result<(), StorageError>> + Send;

    /// Adds adjustments.
    fn insert_stock_adjustments(
        &mut self,
        new: &[StockAdjustment],
    ) -> impl Future<Output = Result<(), StorageError>> + Send;
}

/// The order of a list of products.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ProductSort {
    /// The latest first.
    #[default]
    Newest,
    /// The cheapest first.
    PriceAscending,
    /// The dearest first.
    PriceDescending,
    /// By [`NameKey`].
    Name,
}

/// Which products a list shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductFilter {
    /// Only names that begin so, compared by [`NameKey`].
    pub name_prefix: Option<NameKey>,
    /// Only this status.
    pub status: ProductStatus,
}

/// Which page of which list, its position being that of its order. Ties are broken by id: descending with the
/// newest first, ascending otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductList {
    /// Which products.
    pub filter: ProductFilter,
    /// In which order.
    pub sort: ProductSort,
    /// Which page. A position of another order is read as the start of the list.
    pub page: PageRequest<ProductPosition>,
}

/// A place in a list of products.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ProductPosition {
    /// In a list by age.
    Newest {
        /// When the product was made.
        created_at: Timestamp,
        /// Breaks ties.
        id: ProductId,
    },
    /// In a list by price, either way.
    Price {
        /// The price in minor units.
        amount: i64,
        /// Breaks ties.
        id: ProductId,
    },
    /// In a list by name.
    Name {
        /// The name.
        key: NameKey,
        /// Breaks ties.
        id: ProductId,
    },
}

impl ProductSort {
    /// Where a product stands in a list of this order.
    #[must_use]
    pub fn position(self, product: &Product) -> ProductPosition {
        match self {
            Self::Newest => ProductPosition::Newest { created_at: product.created_at, id: product.id },
            Self::PriceAscending | Self::PriceDescending => {
                ProductPosition::Price { amount: product.price.money().amount(), id: product.id }
            }
            Self::Name => ProductPosition::Name { key: product.name.key(), id: product.id },
        }
    }
}

/// Reads outside a transaction.
pub trait ProductQueries: Sync {
    /// The product.
    fn find_product(
        &self,
        id: ProductId,
    ) -> impl Future<Output = Result<Option<Product>, StorageError>> + Send;

    /// One page of a list.
    fn list_products(
        &self,
        list: &ProductList,
    ) -> impl Future<Output = Result<Page<Product, ProductPosition>, StorageError>> + Send;
}
