//! Adding products to the catalogue, with the stock that they start with.

use jangteo_product::{NewProduct, Product, ProductRepository, StockAdjustment};
use jangteo_shared_kernel::StorageError;
use serde_json::json;

use crate::outbox::{event, tell};
use crate::{Aggregate, Event, EventKind, Outbox, SetUseCase, Sources};

/// Creates products.
#[derive(Debug, Clone)]
pub struct CreateProducts {
    /// Time and chance.
    pub sources: Sources,
}

impl<Tx> SetUseCase<Tx> for CreateProducts
where
    Tx: ProductRepository + Outbox,
{
    type Command = NewProduct;
    type Verdict = Product;

    async fn decide(&self, tx: &mut Tx, commands: &[NewProduct]) -> Result<Vec<Product>, StorageError> {
        let now = self.sources.now();
        let create = |new: &NewProduct| Product::create(self.sources.id(now), new.clone(), now);
        let products: Vec<Product> = commands.iter().map(create).collect();
        // The initial stock is an adjustment too, so that stock adds up from adjustments and orders alone.
        let initial = |product: &Product| product.initial_adjustment(self.sources.id(now));
        let adjustments: Vec<StockAdjustment> = products.iter().map(initial).collect();
        let told = |product: &Product| -> Event {
            let data = json!({ "price": product.price.money(), "stock": product.stock.get() });
            event(
                &self.sources,
                now,
                EventKind::ProductCreated,
                (Aggregate::Product, product.id, version(product)),
                data,
            )
        };
        tx.insert_products(&products).await?;
        tx.insert_stock_adjustments(&adjustments).await?;
        tell(tx, products.iter().map(told).collect()).await?;
        Ok(products)
    }
}

/// A product changes in two parts that count on their own; together they order its events.
pub(crate) const fn version(product: &Product) -> i64 {
    product.catalogue_version.saturating_add(product.stock_version)
}
