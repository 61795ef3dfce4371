//! Orders and their payments.

use jangteo_order::OrderStatus;

use super::{Reference, Refused};
use crate::model::figures::{ItemFigures, LineFigures, OrderFigures};
use crate::model::opening::UNPAID_EXPIRY;

#[derive(Debug, Clone)]
pub(in crate::model) struct Order {
    pub(in crate::model) user: usize,
    pub(in crate::model) status: OrderStatus,
    pub(in crate::model) lines: Vec<Line>,
    pub(super) coupon: Option<usize>,
    pub(in crate::model) expires: i64,
    /// From which lots its payment has how much that was not given back, in the order of spending.
    pub(super) taken: Vec<(usize, i64)>,
    /// The items of each refund.
    pub(super) refunds: Vec<Vec<ItemFigures>>,
    /// Whether all that was paid was given back by cancelling the payment.
    pub(super) cancelled: bool,
}

#[derive(Debug, Clone)]
pub(in crate::model) struct Line {
    pub(super) product: usize,
    pub(super) quantity: u32,
    pub(super) gross: i64,
    pub(super) discount: i64,
    pub(super) refunded: u32,
    pub(super) restocked: u32,
}

impl Order {
    pub(in crate::model) fn total(&self) -> i64 {
        self.lines.iter().map(|line| line.gross - line.discount).sum()
    }

    pub(super) fn figures(&self) -> OrderFigures {
        let line = |line: &Line| LineFigures {
            product: line.product,
            quantity: line.quantity,
            gross: line.gross,
            discount: line.discount,
            refunded: line.refunded,
            restocked: line.restocked,
        };
        OrderFigures {
            user: self.user,
            status: self.status,
            total: self.total(),
            coupon: self.coupon,
            lines: self.lines.iter().map(line).collect(),
            payments: self.payment().into_iter().collect(),
        }
    }
}

impl Reference {
    pub(super) fn place(
        &mut self,
        user: usize,
        items: &[(usize, u32)],
        coupon: Option<usize>,
        expected: Option<i64>,
    ) -> Result<(), Refused> {
        let mut lines = self.priced(items);
        if lines.iter().any(|line| !self.products[line.product].on_sale) {
            return Err("product-not-on-sale");
        }
        if lines.iter().any(|line| self.products[line.product].stock < i64::from(line.quantity)) {
            return Err("out-of-stock");
        }
        if let Some(coupon) = coupon {
            let discounts = self.discounts(user, coupon, &lines).ok_or("coupon-not-usable")?;
            for (line, discount) in lines.iter_mut().zip(discounts) {
                line.discount = discount;
            }
        }
        let status = OrderStatus::PendingPayment;
        let mut order = Order {
            user,
            status,
            lines,
            coupon,
            expires: self.now + UNPAID_EXPIRY,
            taken: Vec::new(),
            refunds: Vec::new(),
            cancelled: false,
        };
        if expected.is_some_and(|expected| expected != order.total()) {
            return Err("price-changed");
        }
        if order.total() == 0 {
            order.status = OrderStatus::Paid;
        }
        for line in &order.lines {
            self.products[line.product].stock -= i64::from(line.quantity);
        }
        if let Some(coupon) = coupon {
            self.coupons[coupon].order = Some(self.orders.len());
        }
        self.orders.push(order);
        Ok(())
    }

    /// One line a product, at today's prices.
    pub(in crate::model) fn priced(&self, items: &[(usize, u32)]) -> Vec<Line> {
        let mut lines: Vec<Line> = Vec::new();
        for &(product, quantity) in items {
            let gross = self.products[product].price * i64::from(quantity);
            if let Some(line) = lines.iter_mut().find(|line| line.product == product) {
                line.quantity += quantity;
                line.gross += gross;
            } else {
                lines.push(Line { product, quantity, gross, discount: 0, refunded: 0, restocked: 0 });
            }
        }
        lines
    }

    /// What these items cost together.
    pub(in crate::model) fn quote(&self, items: &[(usize, u32)]) -> i64 {
        self.priced(items).iter().map(|line| line.gross).sum()
    }

    pub(super) fn pay(&mut self, user: usize, order: usize, points: Option<i64>) -> Result<(), Refused> {
        let (total, found) = (self.orders[order].total(), &self.orders[order]);
        if found.user != user {
            return Err("not-found");
        }
        match found.status {
            OrderStatus::PendingPayment if self.now < found.expires => {}
            OrderStatus::PendingPayment | OrderStatus::Cancelled | OrderStatus::Expired => {
                return Err("order-not-payable");
            }
            OrderStatus::Paid | OrderStatus::PartiallyRefunded | OrderStatus::Refunded => {
                return Err("already-paid");
            }
        }
        if points.is_some_and(|points| points != total) {
            return Err("amount-mismatch");
        }
        if total > 0 {
            self.orders[order].taken = self.spend(user, total)?;
        }
        self.orders[order].status = OrderStatus::Paid;
        Ok(())
    }

    pub(super) fn cancel(&mut self, user: usize, order: usize) -> Result<(), Refused> {
        if self.orders[order].user != user {
            return Err("not-found");
        }
        match self.orders[order].status {
            OrderStatus::PendingPayment => {
                self.end(order, OrderStatus::Cancelled);
                Ok(())
            }
            OrderStatus::Cancelled => Ok(()),
            _ => Err("order-not-cancellable"),
        }
    }

    pub(super) fn cancel_all_of(&mut self, user: usize) {
        for order in self.waiting(|order| order.user == user) {
            self.end(order, OrderStatus::Cancelled);
        }
    }

    /// Gives how many there were.
    pub(super) fn expire_orders(&mut self) -> u64 {
        let now = self.now;
        let due = self.waiting(|order| order.expires <= now);
        let count = due.len() as u64;
        for order in due {
            self.end(order, OrderStatus::Expired);
        }
        count
    }

    fn waiting(&self, which: impl Fn(&Order) -> bool) -> Vec<usize> {
        let waits =
            |(_, order): &(usize, &Order)| order.status == OrderStatus::PendingPayment && which(order);
        self.orders.iter().enumerate().filter(waits).map(|(order, _)| order).collect()
    }

    /// An order that was not paid ends: what it held goes back.
    fn end(&mut self, order: usize, status: OrderStatus) {
        self.orders[order].status = status;
        for line in &self.orders[order].lines {
            self.products[line.product].stock += i64::from(line.quantity);
        }
        if let Some(coupon) = self.orders[order].coupon {
            self.coupons[coupon].order = None;
        }
    }
}
