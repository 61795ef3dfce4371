//! Editing the catalogue, without losing another editor's work.

use std::collections::BTreeSet;

use jangteo_product::{CatalogueEdit, Product, ProductRepository};
use jangteo_shared_kernel::{ProductId, StorageError};
use serde_json::json;

use crate::changed::changed;
use crate::create_products::version;
use crate::outbox::{event, tell};
use crate::{Aggregate, EventKind, Outbox, SetUseCase, Sources};

/// An operator edits a product.
#[derive(Debug, Clone)]
pub struct EditProduct {
    /// Which.
    pub product: ProductId,
    /// How.
    pub edit: CatalogueEdit,
    /// The catalogue versions that the editor may have seen; `None` edits whatever is there.
    pub expected: Option<BTreeSet<i64>>,
}

/// Why a product was not edited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EditProductRefusal {
    /// There is no such product.
    #[error("there is no such product")]
    ProductNotFound,
    /// Somebody else has edited it since.
    #[error("the product has been edited since")]
    Stale,
}

/// Edits products.
#[derive(Debug, Clone)]
pub struct EditProducts {
    /// Time and chance.
    pub sources: Sources,
}

impl<Tx> SetUseCase<Tx> for EditProducts
where
    Tx: ProductRepository + Outbox,
{
    type Command = EditProduct;
    type Verdict = Result<Product, EditProductRefusal>;

    async fn decide(
        &self,
        tx: &mut Tx,
        commands: &[EditProduct],
    ) -> Result<Vec<Self::Verdict>, StorageError> {
        let mut products =
            tx.lock_products(&commands.iter().map(|command| command.product).collect()).await?;
        let now = self.sources.now();
        let mut edited = BTreeSet::new();
        let verdicts = commands
            .iter()
            .map(|command| {
                let product =
                    products.get_mut(&command.product).ok_or(EditProductRefusal::ProductNotFound)?;
                if command.expected.as_ref().is_some_and(|seen| !seen.contains(&product.catalogue_version)) {
                    return Err(EditProductRefusal::Stale);
                }
                product.edit(command.edit.clone(), now);
                edited.insert(product.id);
                Ok(product.clone())
            })
            .collect();
        if !edited.is_empty() {
            let changed = changed(&products, &edited);
            tx.save_catalogue(&changed).await?;
            let told = |product: &Product| {
                let data = json!({ "price": product.price.money(), "status": product.status });
                event(
                    &self.sources,
                    now,
                    EventKind::ProductEdited,
                    (Aggregate::Product, product.id, version(product)),
                    data,
                )
            };
            tell(tx, changed.iter().map(told).collect()).await?;
        }
        Ok(verdicts)
    }
}
