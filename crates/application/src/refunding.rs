//! What refunding and cancelling payments share: everything that a refund moves, locked, decided and saved together.

use std::collections::{BTreeMap, BTreeSet};

use jangteo_coupon::IssuedCouponRepository;
use jangteo_order::{Order, OrderRepository, Orders, RefundedExtent, ReturnRefusal, ReturnedUnits};
use jangteo_payment::{GivingBack, Payment, PaymentEvent, PaymentRepository, Payments};
use jangteo_point::PointRepository;
use jangteo_product::{ProductRepository, Products};
use jangteo_ranking::SalesRepository;
use jangteo_refund::{
    PlanRefusal, Refund, RefundItem, RefundMethod, RefundPlan, RefundReason, RefundRepository,
    RefundablePayment, RequestedRefund,
};
use jangteo_shared_kernel::{MoneyError, OrderId, PaymentId, ProductId, StorageError, Timestamp, UserId};

use crate::changed::changed;
use crate::coupons::CouponBook;
use crate::points::PointBook;
use crate::refundable::{refundable, tender_method};
use crate::refunded::refunded;
use crate::sales::{note_sales, taken_back};
use crate::{Caller, Event, Sources};

/// Why a payment cannot be given back. The first that holds is told, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RefundingRefusal {
    PaymentNotFound,
    NeverCompleted,
    UnknownLine { index: usize },
    ExceedsPaid,
    BrokenBooks(BrokenBooks),
}

/// Order, payment and points do not tell one story: a bug elsewhere, kept from doing harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BrokenBooks {
    /// The payment's shares do not add up.
    #[error(transparent)]
    Amounts(#[from] MoneyError),
    /// The order does not take back what was planned.
    #[error(transparent)]
    Order(#[from] ReturnRefusal),
    /// The payment does not give back what was planned.
    #[error(transparent)]
    Payment(#[from] jangteo_payment::GiveBackRefusal),
    /// The points cannot go back to where they came from.
    #[error(transparent)]
    Points(#[from] jangteo_point::GiveBackRefusal),
}

/// What a command wants to be given back.
pub(crate) struct Wanted<'a> {
    pub(crate) payment: PaymentId,
    pub(crate) items: &'a RequestedRefund,
    pub(crate) reason: &'a RefundReason,
    /// Whether the payment is cancelled, not just refunded.
    pub(crate) cancels: bool,
}

/// Everything that the refunds of a set move.
pub(crate) struct Refunding {
    order_of: BTreeMap<PaymentId, OrderId>,
    orders: Orders,
    coupons: CouponBook,
    points: PointBook,
    products: Products,
    payments: Payments,
    refunded_orders: BTreeSet<OrderId>,
    restocked: BTreeSet<ProductId>,
    refunds: Vec<Refund>,
    entries: Vec<(PaymentId, PaymentEvent)>,
    events: Vec<Event>,
}

impl Refunding {
    /// Locks orders, coupons, point accounts, stock and payments, in this order.
    pub(crate) async fn lock<'a, Tx>(
        tx: &mut Tx,
        wanted: impl Iterator<Item = Wanted<'a>> + Clone,
    ) -> Result<Self, StorageError>
    where
        Tx: OrderRepository
            + IssuedCouponRepository
            + PointRepository
            + ProductRepository
            + PaymentRepository,
    {
        let ids: BTreeSet<PaymentId> = wanted.clone().map(|wanted| wanted.payment).collect();
        let order_of = tx.find_orders_of_payments(&ids).await?;
        let orders = tx.lock_orders(&order_of.values().copied().collect()).await?;
        let coupons = orders.values().filter_map(|order| order.issued_coupon).collect();
        let coupons = CouponBook::lock_to_give_back(tx, coupons).await?;
        let payers: BTreeSet<UserId> = orders.values().map(|order| order.user).collect();
        let points = PointBook::lock_to_give_back(tx, payers.into_iter(), ids.iter().copied()).await?;
        let restocking = wanted.flat_map(|wanted| {
            let order = order_of.get(&wanted.payment).and_then(|order| orders.get(order));
            order.into_iter().flat_map(move |order| restocking(order, wanted.items))
        });
        let products = tx.lock_products(&restocking.collect()).await?;
        let payments = tx.lock_payments(&ids).await?;
        Ok(Self {
            order_of,
            orders,
            coupons,
            points,
            products,
            payments,
            refunded_orders: BTreeSet::new(),
            restocked: BTreeSet::new(),
            refunds: Vec::new(),
            entries: Vec::new(),
            events: Vec::new(),
        })
    }

    /// Decides one refund: all of it takes place in the locked aggregates, or nothing.
    pub(crate) fn give_back(
        &mut self,
        caller: Caller,
        wanted: &Wanted<'_>,
        sources: &Sources,
        now: Timestamp,
    ) -> Result<(Refund, Payment), RefundingRefusal> {
        let not_found = RefundingRefusal::PaymentNotFound;
        let payment = self.payments.get(&wanted.payment).filter(|payment| caller.may_touch(payment.user));
        let mut payment = payment.ok_or(not_found)?.clone();
        let order = self.order_of.get(&payment.id).and_then(|order| self.orders.get(order));
        let mut order = order.ok_or(not_found)?.clone();
        let (refundable, plan) = plan(&order, &payment, wanted.items)?;
        let refund = Refund::make(sources.id(now), &refundable, plan, wanted.reason.clone(), now);

        let extent = order.refund(&units(&refund.items)).map_err(BrokenBooks::from)?;
        let how = match extent {
            RefundedExtent::All if wanted.cancels => GivingBack::Cancellation,
            RefundedExtent::All => GivingBack::Rest,
            RefundedExtent::Part => GivingBack::Part,
        };
        let shares: Vec<_> =
            refund.tenders.iter().map(|share| (tender_method(share.method), share.amount)).collect();
        let entry = payment.give_back(&shares, how, now).map_err(BrokenBooks::from)?;
        // Nothing was changed so far. The points are the last to be able to refuse, and do so as a whole.
        for share in refund.tenders.iter().filter(|share| share.method == RefundMethod::Point) {
            self.points.give_back(payment.id, share.amount, sources, now).map_err(BrokenBooks::from)?;
        }

        for item in refund.items.iter().filter(|item| item.restock) {
            if let Some(product) = self.products.get_mut(&item.product) {
                product.put_back(item.quantity);
                self.restocked.insert(item.product);
            }
        }
        if extent == RefundedExtent::All {
            self.coupons.give_back(&order);
        }
        self.events.extend(refunded(sources, &order, &payment, &refund, entry.kind));
        self.entries.push((payment.id, entry));
        self.refunded_orders.insert(order.id);
        self.orders.insert(order.id, order);
        self.payments.insert(payment.id, payment.clone());
        self.refunds.push(refund.clone());
        Ok((refund, payment))
    }

    /// Saves what was refunded, and gives what there is to tell.
    pub(crate) async fn save<Tx>(mut self, tx: &mut Tx, sources: &Sources) -> Result<Vec<Event>, StorageError>
    where
        Tx: OrderRepository
            + IssuedCouponRepository
            + PointRepository
            + ProductRepository
            + PaymentRepository
            + RefundRepository
            + SalesRepository,
    {
        if self.refunds.is_empty() {
            return Ok(Vec::new());
        }
        let orders = changed(&self.orders, &self.refunded_orders);
        tx.save_order_states(&orders).await?;
        tx.save_returned_units(&orders).await?;
        self.coupons.save(tx).await?;
        self.events.extend(self.points.save(tx, sources).await?);
        tx.save_stock(&changed(&self.products, &self.restocked)).await?;
        let payments = self.entries.iter().map(|(payment, _)| *payment).collect();
        tx.save_given_back(&changed(&self.payments, &payments), &self.entries).await?;
        tx.insert_refunds(&self.refunds).await?;
        note_sales(tx, taken_back(sources, &self.refunds)).await?;
        Ok(self.events)
    }
}

/// What a refund would give back, and of what.
pub(crate) fn plan(
    order: &Order,
    payment: &Payment,
    items: &RequestedRefund,
) -> Result<(RefundablePayment, RefundPlan), RefundingRefusal> {
    // A payment that completed is never refused here: what it exceeds is told by units, after unknown lines.
    if payment.check_returnable() == Err(jangteo_payment::GiveBackRefusal::NeverCompleted) {
        return Err(RefundingRefusal::NeverCompleted);
    }
    let refundable = refundable(order, payment).ok_or(RefundingRefusal::NeverCompleted)?;
    let plan = refundable.plan(items)?;
    Ok((refundable, plan))
}

/// The products whose stock a refund of these items moves.
fn restocking(order: &Order, items: &RequestedRefund) -> impl Iterator<Item = ProductId> {
    let moves = |line| match items {
        RequestedRefund::Everything => true,
        RequestedRefund::These(items) => items.iter().any(|item| item.restock && item.line == line),
    };
    order.lines.iter().filter(move |line| moves(line.id)).map(|line| line.product)
}

fn units(items: &[RefundItem]) -> Vec<ReturnedUnits> {
    let units =
        |item: &RefundItem| ReturnedUnits { line: item.line, quantity: item.quantity, restock: item.restock };
    items.iter().map(units).collect()
}

impl From<PlanRefusal> for RefundingRefusal {
    fn from(refusal: PlanRefusal) -> Self {
        match refusal {
            PlanRefusal::UnknownLine { index } => Self::UnknownLine { index },
            PlanRefusal::ExceedsPaid => Self::ExceedsPaid,
            PlanRefusal::BrokenPayment(error) => Self::BrokenBooks(error.into()),
        }
    }
}

impl From<BrokenBooks> for RefundingRefusal {
    fn from(books: BrokenBooks) -> Self {
        Self::BrokenBooks(books)
    }
}
