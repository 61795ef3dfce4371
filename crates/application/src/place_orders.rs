//! Placing orders: stock taken, coupon used and order saved, or nothing at all (ADR-016).

use std::collections::BTreeSet;

use chrono::TimeDelta;
use jangteo_coupon::{CampaignRepository, IssuedCouponRepository};
use jangteo_order::{Order, OrderRepository, OrderTerms, OrderedItem, PlaceRefusal, RequestedItems};
use jangteo_payment::{Payment, PaymentRepository, RequestedTenders, SettleRefusal};
use jangteo_product::{ProductRepository, Products, SellRefusal};
use jangteo_ranking::SalesRepository;
use jangteo_shared_kernel::{
    Currency, IssuedCouponId, Money, MoneyError, ProductId, Quantity, StorageError, Timestamp, UserId,
};
use serde::Serialize;
use uuid::Uuid;

use crate::changed::changed;
use crate::coupons::{CouponBook, CouponNotUsable};
use crate::idempotency::AnswerLedger;
use crate::outbox::{event, tell};
use crate::paid::{UnitsSold, paid, payable};
use crate::sales::{note_sales, sold};
use crate::{
    Aggregate, Answer, Event, EventKind, IdempotencyRepository, Outbox, RequestMark, SetUseCase, Sources,
    Verdict,
};

/// Somebody wants to buy.
#[derive(Debug, Clone)]
pub struct PlaceOrder {
    /// Who.
    pub user: UserId,
    /// What.
    pub items: RequestedItems,
    /// The coupon to use.
    pub coupon: Option<IssuedCouponId>,
    /// What the customer believes that it costs (hard case 13).
    pub expected_total: Option<Money>,
    /// Which request it came from.
    pub mark: RequestMark,
}

impl PlaceOrder {
    /// What it locks, and its customer, so that requests of one customer keep their order.
    #[must_use]
    pub fn subjects(&self) -> Vec<Uuid> {
        let products = self.items.iter().map(|(product, _)| product.as_uuid());
        let coupon = self.coupon.map(|coupon| coupon.as_uuid());
        products.chain(coupon).chain([self.user.as_uuid()]).collect()
    }
}

/// Why an order was not placed. The first that holds is told, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PlaceOrderRefusal {
    /// There is no such product.
    #[error("there is no product {product}")]
    UnknownProduct {
        /// Which.
        product: ProductId,
    },
    /// A product is suspended or discontinued.
    #[error("product {product} is not on sale")]
    ProductNotOnSale {
        /// Which.
        product: ProductId,
    },
    /// There are fewer units than asked for.
    #[error("only {left} of product {product} left")]
    OutOfStock {
        /// Of which product.
        product: ProductId,
        /// How many there are.
        left: Quantity,
    },
    /// The coupon cannot be used for this order.
    #[error(transparent)]
    CouponNotUsable(#[from] CouponNotUsable),
    /// It costs something else than the customer believes.
    #[error("the order costs {total}")]
    PriceChanged {
        /// What it costs.
        total: Money,
    },
    /// The amounts do not fit, or a product is priced in a currency that the shop no longer trades in.
    #[error(transparent)]
    Amount(#[from] MoneyError),
}

/// Places orders.
#[derive(Debug, Clone)]
pub struct PlaceOrders {
    /// Time and chance.
    pub sources: Sources,
    /// What the shop trades in.
    pub currency: Currency,
    /// How long an order waits for its payment.
    pub unpaid_expiry: TimeDelta,
    /// Turns a placed order into the answer that its customer gets.
    pub render: fn(&Order) -> Answer,
}

impl<Tx> SetUseCase<Tx> for PlaceOrders
where
    Tx: CampaignRepository
        + IssuedCouponRepository
        + ProductRepository
        + OrderRepository
        + PaymentRepository
        + SalesRepository
        + IdempotencyRepository
        + Outbox,
{
    type Command = PlaceOrder;
    type Verdict = Verdict<Order, PlaceOrderRefusal>;

    async fn decide(&self, tx: &mut Tx, commands: &[PlaceOrder]) -> Result<Vec<Self::Verdict>, StorageError> {
        let coupons =
            CouponBook::lock(tx, commands.iter().filter_map(|command| command.coupon).collect()).await?;
        let wanted =
            commands.iter().flat_map(|command| command.items.iter().map(|(product, _)| product)).collect();
        let products = tx.lock_products(&wanted).await?;
        let mut ledger = AnswerLedger::read(tx, commands.iter().map(|command| &command.mark)).await?;

        let mut set = Set::new(coupons, products);
        let now = self.sources.now();
        let verdicts = commands
            .iter()
            .map(|command| {
                ledger.settle(&command.mark, now, || {
                    let order = self.place(&mut set, command, now)?;
                    let answer = (self.render)(&order);
                    Ok((order, answer))
                })
            })
            .collect();

        if !set.orders.is_empty() {
            tx.save_stock(&changed(&set.products, &set.touched)).await?;
            set.coupons.save(tx).await?;
            tx.insert_orders(&set.orders).await?;
        }
        if !set.payments.is_empty() {
            tx.insert_payments(&set.payments).await?;
            note_sales(tx, sold(&self.sources, &set.orders)).await?;
        }
        ledger.save(tx).await?;
        tell(tx, set.events).await?;
        Ok(verdicts)
    }
}

impl PlaceOrders {
    fn place(&self, set: &mut Set, command: &PlaceOrder, now: Timestamp) -> Result<Order, PlaceOrderRefusal> {
        set.check_items(&command.items)?;
        let coupon =
            command.coupon.map(|coupon| set.coupons.discount(coupon, command.user, now)).transpose()?;
        let terms = OrderTerms {
            id: self.sources.id(now),
            user: command.user,
            currency: self.currency,
            placed_at: now,
            expires_at: now + self.unpaid_expiry,
        };
        let items = command.items.iter().filter_map(|(id, quantity)| {
            let product = set.products.get(&id)?;
            Some(OrderedItem {
                line: self.sources.id(now),
                product: id,
                product_name: product.name.as_str().to_owned(),
                unit_price: product.price.money(),
                quantity,
            })
        });
        let order = Order::place(terms, items, coupon.as_ref())?;
        if command.expected_total.is_some_and(|expected| expected != order.total()) {
            return Err(PlaceOrderRefusal::PriceChanged { total: order.total() });
        }
        let payment = self.payment_of_nothing(&order, now)?;

        set.coupons.use_for(&order, now)?;
        set.take(&command.items)?;
        set.events.push(self.placed(&order));
        if let Some(payment) = payment {
            set.events.extend(paid(&self.sources, &order, &payment, now));
            set.payments.push(payment);
        }
        set.orders.push(order.clone());
        Ok(order)
    }

    /// An order with nothing to pay is settled at once by a payment without tenders (hard case 3).
    fn payment_of_nothing(&self, order: &Order, now: Timestamp) -> Result<Option<Payment>, MoneyError> {
        if !order.total().is_zero() {
            return Ok(None);
        }
        match Payment::settle(self.sources.id(now), &payable(order), &RequestedTenders::AllPoints, now) {
            Ok(payment) => Ok(Some(payment)),
            // Zero is shared over lines of zero: neither can happen.
            Err(SettleRefusal::AmountMismatch { .. } | SettleRefusal::BrokenOrder(_)) => {
                Err(MoneyError::Overflow)
            }
        }
    }

    fn placed(&self, order: &Order) -> Event {
        let data = Placed {
            user_id: order.user,
            total: order.total(),
            discount: order.discount,
            issued_coupon_id: order.issued_coupon,
            expires_at: order.expires_at,
            items: order.lines.iter().map(UnitsSold::of).collect(),
        };
        event(
            &self.sources,
            order.created_at,
            EventKind::OrderPlaced,
            (Aggregate::Order, order.id, Order::PLACED_VERSION),
            data,
        )
    }
}

/// What the event of a placed order tells.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Placed {
    user_id: UserId,
    total: Money,
    discount: Money,
    issued_coupon_id: Option<IssuedCouponId>,
    expires_at: Timestamp,
    items: Vec<UnitsSold>,
}

/// What a set of commands works on.
struct Set {
    coupons: CouponBook,
    products: Products,
    touched: BTreeSet<ProductId>,
    orders: Vec<Order>,
    payments: Vec<Payment>,
    events: Vec<Event>,
}

impl Set {
    fn new(coupons: CouponBook, products: Products) -> Self {
        Self {
            coupons,
            products,
            touched: BTreeSet::new(),
            orders: Vec::new(),
            payments: Vec::new(),
            events: Vec::new(),
        }
    }

    /// Every product is known, then every product is on sale, then there is enough of each.
    fn check_items(&self, items: &RequestedItems) -> Result<(), PlaceOrderRefusal> {
        let mut wanted = Vec::with_capacity(items.iter().len());
        for (id, quantity) in items.iter() {
            let product = self.products.get(&id).ok_or(PlaceOrderRefusal::UnknownProduct { product: id })?;
            wanted.push((product, quantity));
        }
        for (product, _) in &wanted {
            product.check_on_sale().map_err(|refusal| refused(product.id, refusal))?;
        }
        for (product, quantity) in wanted {
            product.check_stock(quantity).map_err(|refusal| refused(product.id, refusal))?;
        }
        Ok(())
    }

    fn take(&mut self, items: &RequestedItems) -> Result<(), PlaceOrderRefusal> {
        for (id, quantity) in items.iter() {
            let product =
                self.products.get_mut(&id).ok_or(PlaceOrderRefusal::UnknownProduct { product: id })?;
            product.sell(quantity).map_err(|refusal| refused(id, refusal))?;
            self.touched.insert(id);
        }
        Ok(())
    }
}

impl From<PlaceRefusal> for PlaceOrderRefusal {
    fn from(refusal: PlaceRefusal) -> Self {
        match refusal {
            PlaceRefusal::DiscountNotUsable(refusal) => Self::CouponNotUsable(refusal.into()),
            PlaceRefusal::Amount(error) => Self::Amount(error),
        }
    }
}

fn refused(product: ProductId, refusal: SellRefusal) -> PlaceOrderRefusal {
    match refusal {
        SellRefusal::NotOnSale => PlaceOrderRefusal::ProductNotOnSale { product },
        SellRefusal::OutOfStock { left } => PlaceOrderRefusal::OutOfStock { product, left },
    }
}
