//! Cancelling payments: what is left of one is refunded, with a refund of its own.

use jangteo_coupon::IssuedCouponRepository;
use jangteo_order::OrderRepository;
use jangteo_payment::{Payment, PaymentRepository};
use jangteo_point::PointRepository;
use jangteo_product::ProductRepository;
use jangteo_ranking::SalesRepository;
use jangteo_refund::{RefundReason, RefundRepository, RequestedRefund};
use jangteo_shared_kernel::{PaymentId, StorageError};

use crate::idempotency::AnswerLedger;
use crate::outbox::tell;
use crate::refunding::{BrokenBooks, Refunding, RefundingRefusal, Wanted};
use crate::{Answer, Caller, IdempotencyRepository, Outbox, RequestMark, SetUseCase, Sources, Verdict};

/// Somebody wants to have a payment undone.
#[derive(Debug, Clone)]
pub struct CancelPayment {
    /// Who: its owner, or an administrator.
    pub caller: Caller,
    /// Which payment.
    pub payment: PaymentId,
    /// Which request it came from.
    pub mark: RequestMark,
}

/// Why a payment was not cancelled. The first that holds is told, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CancelPaymentRefusal {
    /// There is no such payment of this user.
    #[error("there is no such payment")]
    PaymentNotFound,
    /// It never completed, or nothing is left of it.
    #[error("the payment cannot be cancelled")]
    NotCancellable,
    /// What was paid is not what was spent: a bug, kept from doing harm.
    #[error(transparent)]
    BrokenBooks(BrokenBooks),
}

/// Cancels payments.
#[derive(Debug, Clone)]
pub struct CancelPayments {
    /// Time and chance.
    pub sources: Sources,
    /// Turns a payment into the answer that its customer gets.
    pub render: fn(&Payment) -> Answer,
}

impl<Tx> SetUseCase<Tx> for CancelPayments
where
    Tx: OrderRepository
        + IssuedCouponRepository
        + PointRepository
        + ProductRepository
        + PaymentRepository
        + RefundRepository
        + SalesRepository
        + IdempotencyRepository
        + Outbox,
{
    type Command = CancelPayment;
    type Verdict = Verdict<Payment, CancelPaymentRefusal>;

    async fn decide(
        &self,
        tx: &mut Tx,
        commands: &[CancelPayment],
    ) -> Result<Vec<Self::Verdict>, StorageError> {
        let (items, reason) = (RequestedRefund::Everything, RefundReason::payment_cancelled());
        let wanted = |command: &CancelPayment| Wanted {
            payment: command.payment,
            items: &items,
            reason: &reason,
            cancels: true,
        };
        let mut refunding = Refunding::lock(tx, commands.iter().map(wanted)).await?;
        let mut ledger = AnswerLedger::read(tx, commands.iter().map(|command| &command.mark)).await?;
        let now = self.sources.now();
        let verdicts = commands
            .iter()
            .map(|command| {
                ledger.settle(&command.mark, now, || {
                    let wanted = wanted(command);
                    let (_, payment) = refunding.give_back(command.caller, &wanted, &self.sources, now)?;
                    let answer = (self.render)(&payment);
                    Ok((payment, answer))
                })
            })
            .collect();
        let events = refunding.save(tx, &self.sources).await?;
        ledger.save(tx).await?;
        tell(tx, events).await?;
        Ok(verdicts)
    }
}

impl From<RefundingRefusal> for CancelPaymentRefusal {
    fn from(refusal: RefundingRefusal) -> Self {
        match refusal {
            RefundingRefusal::PaymentNotFound => Self::PaymentNotFound,
            // Everything that is left names no line, so none is unknown.
            RefundingRefusal::NeverCompleted
            | RefundingRefusal::UnknownLine { .. }
            | RefundingRefusal::ExceedsPaid => Self::NotCancellable,
            RefundingRefusal::BrokenBooks(books) => Self::BrokenBooks(books),
        }
    }
}
