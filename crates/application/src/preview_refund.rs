//! What a refund would give back, without giving it back.

use jangteo_order::OrderQueries;
use jangteo_payment::PaymentQueries;
use jangteo_refund::{RefundPlan, RequestedRefund};
use jangteo_shared_kernel::{PaymentId, StorageError};

use crate::refund_payments::check_restock;
use crate::refunding::{RefundingRefusal, plan};
use crate::{Caller, RefundPaymentRefusal};

/// Plans a refund exactly as [`crate::RefundPayments`] would, by the same rules and with the same refusals. Nothing is
/// locked, so a refund in between changes what is left; nothing is written.
pub async fn preview_refund(
    store: &(impl OrderQueries + PaymentQueries),
    caller: Caller,
    payment: PaymentId,
    items: &RequestedRefund,
) -> Result<Result<RefundPlan, RefundPaymentRefusal>, StorageError> {
    if let Err(refusal) = check_restock(caller, items) {
        return Ok(Err(refusal));
    }
    let not_found = Ok(Err(RefundingRefusal::PaymentNotFound.into()));
    let found = store.find_payment(payment).await?.filter(|payment| caller.may_touch(payment.user));
    let Some(payment) = found else { return not_found };
    let Some(order) = store.find_order(payment.order).await? else { return not_found };
    Ok(plan(&order, &payment, items).map(|(_, plan)| plan).map_err(RefundPaymentRefusal::from))
}
