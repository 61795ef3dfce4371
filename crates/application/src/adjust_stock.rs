//! Adjusting stock: goods received, lost, counted again.

use std::collections::BTreeSet;

use jangteo_product::{AdjustRefusal, AdjustmentReason, ProductRepository, Products, StockAdjustment};
use jangteo_shared_kernel::{ProductId, StorageError, Timestamp};
use serde_json::json;

use crate::changed::changed;
use crate::create_products::version;
use crate::idempotency::AnswerLedger;
use crate::outbox::{event, tell};
use crate::{
    Aggregate, Answer, Event, EventKind, IdempotencyRepository, Outbox, RequestMark, SetUseCase, Sources,
    Verdict,
};

/// An operator corrects a stock.
#[derive(Debug, Clone)]
pub struct AdjustStock {
    /// Of which product.
    pub product: ProductId,
    /// By how many units.
    pub delta: i64,
    /// Why.
    pub reason: AdjustmentReason,
    /// Which request it came from.
    pub mark: RequestMark,
}

/// Why a stock was not adjusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AdjustStockRefusal {
    /// There is no such product.
    #[error("there is no such product")]
    ProductNotFound,
    /// The stock does not take it.
    #[error(transparent)]
    Adjust(#[from] AdjustRefusal),
}

/// Adjusts stock.
#[derive(Debug, Clone)]
pub struct AdjustStocks {
    /// Time and chance.
    pub sources: Sources,
    /// Turns an adjustment into the answer that the operator gets.
    pub render: fn(&StockAdjustment) -> Answer,
}

impl<Tx> SetUseCase<Tx> for AdjustStocks
where
    Tx: ProductRepository + IdempotencyRepository + Outbox,
{
    type Command = AdjustStock;
    type Verdict = Verdict<StockAdjustment, AdjustStockRefusal>;

    async fn decide(
        &self,
        tx: &mut Tx,
        commands: &[AdjustStock],
    ) -> Result<Vec<Self::Verdict>, StorageError> {
        let mut products =
            tx.lock_products(&commands.iter().map(|command| command.product).collect()).await?;
        let mut ledger = AnswerLedger::read(tx, commands.iter().map(|command| &command.mark)).await?;
        let now = self.sources.now();
        let (mut adjustments, mut events) = (Vec::new(), Vec::new());
        let verdicts = commands
            .iter()
            .map(|command| {
                ledger.settle(&command.mark, now, || {
                    let (adjustment, told) = self.adjust(&mut products, command, now)?;
                    let answer = (self.render)(&adjustment);
                    adjustments.push(adjustment.clone());
                    events.push(told);
                    Ok((adjustment, answer))
                })
            })
            .collect();
        if !adjustments.is_empty() {
            let adjusted: BTreeSet<ProductId> =
                adjustments.iter().map(|adjustment| adjustment.product).collect();
            tx.save_stock(&changed(&products, &adjusted)).await?;
            tx.insert_stock_adjustments(&adjustments).await?;
        }
        ledger.save(tx).await?;
        tell(tx, events).await?;
        Ok(verdicts)
    }
}

impl AdjustStocks {
    fn adjust(
        &self,
        products: &mut Products,
        command: &AdjustStock,
        now: Timestamp,
    ) -> Result<(StockAdjustment, Event), AdjustStockRefusal> {
        let product = products.get_mut(&command.product).ok_or(AdjustStockRefusal::ProductNotFound)?;
        let adjustment =
            product.adjust_stock(self.sources.id(now), command.delta, command.reason.clone(), now)?;
        let data = json!({ "delta": adjustment.delta, "stock": adjustment.stock.get() });
        let about = (Aggregate::Product, product.id, version(product));
        Ok((adjustment, event(&self.sources, now, EventKind::ProductStockAdjusted, about, data)))
    }
}
