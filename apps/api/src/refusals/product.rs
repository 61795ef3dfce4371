//! Products.

use jangteo_application::{AdjustStockRefusal, EditProductRefusal};
use jangteo_product::AdjustRefusal;

use crate::problem::{Code, Problem};

/// Why a product was not edited.
pub(crate) fn cannot_edit(refusal: EditProductRefusal) -> Problem {
    match refusal {
        EditProductRefusal::ProductNotFound => Problem::not_found(),
        EditProductRefusal::Stale => Problem::new(Code::PreconditionFailed, refusal.to_string()),
    }
}

/// Why a stock was not adjusted.
pub(crate) fn cannot_adjust(refusal: AdjustStockRefusal) -> Problem {
    match refusal {
        AdjustStockRefusal::ProductNotFound => Problem::not_found(),
        AdjustStockRefusal::Adjust(refusal @ (AdjustRefusal::Zero | AdjustRefusal::TooMuch)) => {
            Problem::field("/delta", refusal.to_string())
        }
        AdjustStockRefusal::Adjust(refusal @ AdjustRefusal::OutOfStock { .. }) => {
            Problem::new(Code::OutOfStock, refusal.to_string())
        }
    }
}
