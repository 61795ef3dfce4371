//! Paying orders with points: order, payment, points and what the ranking counts in one transaction.

use std::collections::BTreeSet;

use jangteo_order::{OrderRepository, Orders, PayRefusal};
use jangteo_payment::{Payment, PaymentRepository, RequestedTenders, SettleRefusal, TenderMethod};
use jangteo_point::{PointRepository, SpendRefusal};
use jangteo_ranking::SalesRepository;
use jangteo_shared_kernel::{AllocationError, Money, OrderId, StorageError, Timestamp, UserId};
use uuid::Uuid;

use crate::changed::changed;
use crate::idempotency::AnswerLedger;
use crate::outbox::tell;
use crate::paid::{paid, payable};
use crate::points::PointBook;
use crate::sales::{note_sales, sold};
use crate::{Answer, Event, IdempotencyRepository, Outbox, RequestMark, SetUseCase, Sources, Verdict};

/// Somebody wants to pay an order.
#[derive(Debug, Clone)]
pub struct PayOrder {
    /// Who.
    pub user: UserId,
    /// Which order.
    pub order: OrderId,
    /// With what.
    pub tenders: RequestedTenders,
    /// Which request it came from.
    pub mark: RequestMark,
}

impl PayOrder {
    /// The order that it locks, and the customer, whose account it may lock and whose requests keep their order.
    #[must_use]
    pub fn subjects(&self) -> Vec<Uuid> {
        vec![self.order.as_uuid(), self.user.as_uuid()]
    }
}

/// Why an order was not paid. The first that holds is told, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PayOrderRefusal {
    /// A card was offered, and no gateway takes cards.
    #[error("cards are not taken")]
    NoGateway,
    /// There is no such order of this user.
    #[error("there is no such order")]
    OrderNotFound,
    /// A payment has settled the order.
    #[error("the order is already paid")]
    AlreadyPaid,
    /// The order was cancelled or has expired.
    #[error("the order can no longer be paid")]
    OrderNotPayable,
    /// The tenders do not add up to the order's total.
    #[error("the order costs {total}")]
    AmountMismatch {
        /// What it costs.
        total: Money,
    },
    /// There are too few points.
    #[error("only {available} in points")]
    InsufficientPoints {
        /// What there is.
        available: Money,
    },
    /// The order's own amounts do not add up: a bug, kept from doing harm.
    #[error(transparent)]
    BrokenOrder(AllocationError),
}

/// Pays orders.
#[derive(Debug, Clone)]
pub struct PayOrders {
    /// Time and chance.
    pub sources: Sources,
    /// Turns a payment into the answer that its customer gets.
    pub render: fn(&Payment) -> Answer,
}

impl<Tx> SetUseCase<Tx> for PayOrders
where
    Tx: OrderRepository
        + PointRepository
        + PaymentRepository
        + SalesRepository
        + IdempotencyRepository
        + Outbox,
{
    type Command = PayOrder;
    type Verdict = Verdict<Payment, PayOrderRefusal>;

    async fn decide(&self, tx: &mut Tx, commands: &[PayOrder]) -> Result<Vec<Self::Verdict>, StorageError> {
        let orders = tx.lock_orders(&commands.iter().map(|command| command.order).collect()).await?;
        // Only owners pay, so these are all the accounts that can be needed.
        let payers: BTreeSet<UserId> = orders.values().map(|order| order.user).collect();
        let points = PointBook::lock(tx, payers.into_iter()).await?;
        let mut ledger = AnswerLedger::read(tx, commands.iter().map(|command| &command.mark)).await?;

        let now = self.sources.now();
        let mut set = Set { orders, points, paid: BTreeSet::new(), payments: Vec::new(), events: Vec::new() };
        let verdicts = commands
            .iter()
            .map(|command| {
                ledger.settle(&command.mark, now, || {
                    let payment = self.pay(&mut set, command, now)?;
                    let answer = (self.render)(&payment);
                    Ok((payment, answer))
                })
            })
            .collect();

        if !set.payments.is_empty() {
            let paid = changed(&set.orders, &set.paid);
            tx.save_order_states(&paid).await?;
            tx.insert_payments(&set.payments).await?;
            note_sales(tx, sold(&self.sources, &paid)).await?;
        }
        set.events.extend(set.points.save(tx, &self.sources).await?);
        ledger.save(tx).await?;
        tell(tx, set.events).await?;
        Ok(verdicts)
    }
}

impl PayOrders {
    fn pay(&self, set: &mut Set, command: &PayOrder, now: Timestamp) -> Result<Payment, PayOrderRefusal> {
        if let RequestedTenders::These(tenders) = &command.tenders
            && tenders.iter().any(|tender| tender.method == TenderMethod::Card)
        {
            return Err(PayOrderRefusal::NoGateway);
        }
        let order = set.orders.get_mut(&command.order).filter(|order| order.user == command.user);
        let order = order.ok_or(PayOrderRefusal::OrderNotFound)?;
        order.check_payable(now)?;
        let payment = Payment::settle(self.sources.id(now), &payable(order), &command.tenders, now)?;

        let points = payment.tendered_by(TenderMethod::Point);
        if !points.is_zero() {
            let nothing = PayOrderRefusal::InsufficientPoints { available: Money::zero(points.currency()) };
            let account = set.points.current(command.user, &self.sources, now).ok_or(nothing)?;
            let spent = account.spend(self.sources.id(now), points, (payment.id, order.id), now)?;
            set.points.add([spent]);
        }
        order.pay(now)?;
        set.paid.insert(order.id);
        set.events.extend(paid(&self.sources, order, &payment, now));
        set.payments.push(payment.clone());
        Ok(payment)
    }
}

/// What a set of commands works on.
struct Set {
    orders: Orders,
    points: PointBook,
    paid: BTreeSet<OrderId>,
    payments: Vec<Payment>,
    events: Vec<Event>,
}

impl From<PayRefusal> for PayOrderRefusal {
    fn from(refusal: PayRefusal) -> Self {
        match refusal {
            PayRefusal::AlreadyPaid => Self::AlreadyPaid,
            PayRefusal::NotPayable => Self::OrderNotPayable,
        }
    }
}

impl From<SettleRefusal> for PayOrderRefusal {
    fn from(refusal: SettleRefusal) -> Self {
        match refusal {
            SettleRefusal::AmountMismatch { total } => Self::AmountMismatch { total },
            SettleRefusal::BrokenOrder(error) => Self::BrokenOrder(error),
        }
    }
}

impl From<SpendRefusal> for PayOrderRefusal {
    fn from(refusal: SpendRefusal) -> Self {
        Self::InsufficientPoints { available: refusal.available }
    }
}
