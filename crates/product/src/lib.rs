//! The product context: the catalogue, prices, status and stock.
//!
//! # Language
//! A [`Product`] has a name, a description, a price and a [`ProductStatus`], and it owns its stock (ADR-008). Two
//! things change it, and each counts on its own: an editor changes the *catalogue* part, sales and
//! [`StockAdjustment`]s change the *stock*. So a sale never makes an editor's work stale.
//!
//! # Invariants
//! - Stock is never below zero: [`Product::sell`] refuses, and the database refuses to be wrong.
//! - Every unit that ever came in is an adjustment, the initial stock too, so that stock can be audited.
//! - Stock is decided on locked rows only (ADR-018), locked in ascending id (ADR-021).
//!
//! ```
//! use jangteo_product::{NewProduct, Product, ProductStatus, SellRefusal};
//! use jangteo_shared_kernel::{Currency, Money, Quantity, Timestamp};
//!
//! let now: Timestamp = "2026-11-22T00:00:00Z".parse()?;
//! let mut mug = Product::create(
//!     "01900000-0000-7000-8000-000000000001".parse()?,
//!     NewProduct {
//!         name: "머그컵".parse()?,
//!         description: "".parse()?,
//!         price: Money::new(12_000, Currency::KRW).try_into()?,
//!         status: ProductStatus::OnSale,
//!         stock: 2.try_into()?,
//!     },
//!     now,
//! );
//! mug.sell(Quantity::new(2)?)?;
//! assert_eq!(mug.sell(Quantity::ONE), Err(SellRefusal::OutOfStock { left: Quantity::ZERO }));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![deny(missing_docs)]

mod adjustment;
mod product;
mod repository;
mod text;

pub use adjustment::{AdjustRefusal, StockAdjustment};
pub use product::{
    CatalogueEdit, InitialStock, InvalidPrice, InvalidStock, NewProduct, Price, Product, ProductStatus,
    STOCK_LIMIT, SellRefusal,
};
pub use repository::{
    ProductFilter, ProductList, ProductPosition, ProductQueries, ProductRepository, ProductSort, Products,
};
pub use text::{AdjustmentReason, Description, InvalidProductText, NameKey, ProductName};
