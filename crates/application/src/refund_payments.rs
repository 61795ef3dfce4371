//! Refunding payments: units go back into the stock, points to their lots, and the coupon with the last unit.

use jangteo_coupon::IssuedCouponRepository;
use jangteo_order::OrderRepository;
use jangteo_payment::PaymentRepository;
use jangteo_point::PointRepository;
use jangteo_product::ProductRepository;
use jangteo_ranking::SalesRepository;
use jangteo_refund::{Refund, RefundReason, RefundRepository, RequestedRefund};
use jangteo_shared_kernel::{PaymentId, StorageError, Timestamp};

use crate::idempotency::AnswerLedger;
use crate::outbox::tell;
use crate::refunding::{BrokenBooks, Refunding, RefundingRefusal, Wanted};
use crate::{Answer, Caller, IdempotencyRepository, Outbox, RequestMark, SetUseCase, Sources, Verdict};

/// Somebody wants something of a payment to be refunded.
#[derive(Debug, Clone)]
pub struct RefundPayment {
    /// Who: its owner, or an administrator.
    pub caller: Caller,
    /// Which payment.
    pub payment: PaymentId,
    /// What of it.
    pub items: RequestedRefund,
    /// Why.
    pub reason: RefundReason,
    /// Which request it came from.
    pub mark: RequestMark,
}

/// Why a payment was not refunded. The first that holds is told, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefundPaymentRefusal {
    /// Units are to stay out of the stock, which is for an administrator to say.
    #[error("only an administrator keeps refunded units out of the stock")]
    RestockIsNotYours,
    /// There is no such payment of this user.
    #[error("there is no such payment")]
    PaymentNotFound,
    /// It never completed, so there is nothing to refund.
    #[error("the payment never completed")]
    NotRefundable,
    /// The order has no such line.
    #[error("the order has no such line")]
    UnknownLine {
        /// Which of the requested items, from 0.
        index: usize,
    },
    /// More than is left, or nothing is left at all.
    #[error("more would be refunded than is left of the payment")]
    ExceedsPaid,
    /// What was paid is not what was spent: a bug, kept from doing harm.
    #[error(transparent)]
    BrokenBooks(BrokenBooks),
}

/// Refunds payments.
#[derive(Debug, Clone)]
pub struct RefundPayments {
    /// Time and chance.
    pub sources: Sources,
    /// Turns a refund into the answer that its customer gets.
    pub render: fn(&Refund) -> Answer,
}

impl<Tx> SetUseCase<Tx> for RefundPayments
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
    type Command = RefundPayment;
    type Verdict = Verdict<Refund, RefundPaymentRefusal>;

    async fn decide(
        &self,
        tx: &mut Tx,
        commands: &[RefundPayment],
    ) -> Result<Vec<Self::Verdict>, StorageError> {
        let mut refunding = Refunding::lock(tx, commands.iter().map(wanted)).await?;
        let mut ledger = AnswerLedger::read(tx, commands.iter().map(|command| &command.mark)).await?;
        let now = self.sources.now();
        let verdicts = commands
            .iter()
            .map(|command| {
                ledger.settle(&command.mark, now, || {
                    let refund = self.refund(&mut refunding, command, now)?;
                    let answer = (self.render)(&refund);
                    Ok((refund, answer))
                })
            })
            .collect();
        let events = refunding.save(tx, &self.sources).await?;
        ledger.save(tx).await?;
        tell(tx, events).await?;
        Ok(verdicts)
    }
}

impl RefundPayments {
    fn refund(
        &self,
        refunding: &mut Refunding,
        command: &RefundPayment,
        now: Timestamp,
    ) -> Result<Refund, RefundPaymentRefusal> {
        check_restock(command.caller, &command.items)?;
        let (refund, _) = refunding.give_back(command.caller, &wanted(command), &self.sources, now)?;
        Ok(refund)
    }
}

/// Whether the caller may say where the units go.
pub(crate) fn check_restock(caller: Caller, items: &RequestedRefund) -> Result<(), RefundPaymentRefusal> {
    if caller.is_admin() || items.restocks_all() {
        Ok(())
    } else {
        Err(RefundPaymentRefusal::RestockIsNotYours)
    }
}

fn wanted(command: &RefundPayment) -> Wanted<'_> {
    Wanted { payment: command.payment, items: &command.items, reason: &command.reason, cancels: false }
}

impl From<RefundingRefusal> for RefundPaymentRefusal {
    fn from(refusal: RefundingRefusal) -> Self {
        match refusal {
            RefundingRefusal::PaymentNotFound => Self::PaymentNotFound,
            RefundingRefusal::NeverCompleted => Self::NotRefundable,
            RefundingRefusal::UnknownLine { index } => Self::UnknownLine { index },
            RefundingRefusal::ExceedsPaid => Self::ExceedsPaid,
            RefundingRefusal::BrokenBooks(books) => Self::BrokenBooks(books),
        }
    }
}
