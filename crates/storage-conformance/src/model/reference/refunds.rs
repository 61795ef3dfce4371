//! Refunds: units that come back, and with them points, stock and the coupon.

use jangteo_order::OrderStatus;
use jangteo_payment::PaymentStatus;

use super::orders::{Line, Order};
use super::{Reference, Refused};
use crate::model::figures::{ItemFigures, PaymentFigures, RefundFigures};
use crate::model::step::{By, Units};

impl Line {
    /// How many units were not refunded.
    pub(in crate::model) fn left(&self) -> u32 {
        self.quantity - self.refunded
    }

    /// What its refunds have given back so far, together.
    fn given_back(&self) -> i64 {
        (self.gross - self.discount) * i64::from(self.refunded) / i64::from(self.quantity)
    }
}

impl Order {
    fn is_paid(&self) -> bool {
        match self.status {
            OrderStatus::Paid | OrderStatus::PartiallyRefunded | OrderStatus::Refunded => true,
            OrderStatus::PendingPayment | OrderStatus::Cancelled | OrderStatus::Expired => false,
        }
    }

    pub(super) fn payment(&self) -> Option<PaymentFigures> {
        let (total, refunded) = (self.total(), self.lines.iter().map(Line::given_back).sum());
        let status = match self.status {
            OrderStatus::Refunded if self.cancelled => PaymentStatus::Cancelled,
            OrderStatus::Refunded => PaymentStatus::Refunded,
            OrderStatus::PartiallyRefunded => PaymentStatus::PartiallyRefunded,
            _ => PaymentStatus::Completed,
        };
        let refund = |items: &Vec<ItemFigures>| RefundFigures {
            amount: items.iter().map(|item| item.amount).sum(),
            items: items.clone(),
        };
        self.is_paid().then(|| PaymentFigures {
            status,
            captured: total,
            refunded,
            tenders: if total > 0 { vec![(total, refunded)] } else { Vec::new() },
            refunds: self.refunds.iter().map(refund).collect(),
        })
    }

    /// Everything that is left.
    fn rest(&self) -> Vec<Units> {
        let rest = |(line, of): (usize, &Line)| Units { line, quantity: of.left(), restock: true };
        self.lines.iter().enumerate().map(rest).filter(|units| units.quantity > 0).collect()
    }
}

impl Reference {
    pub(super) fn refund(&mut self, by: By, order: usize, units: Option<&[Units]>) -> Result<(), Refused> {
        if by != By::Admin && units.is_some_and(|units| units.iter().any(|units| !units.restock)) {
            return Err("restock-is-not-yours");
        }
        self.has_payment(by, order)?;
        let found = &self.orders[order];
        let units = units.map_or_else(|| found.rest(), <[Units]>::to_vec);
        if units.iter().any(|units| units.line >= found.lines.len()) {
            return Err("unknown-line");
        }
        let fits = |(number, line): (usize, &Line)| {
            let wanted = units.iter().filter(|units| units.line == number).map(|units| units.quantity);
            wanted.sum::<u32>() <= line.left()
        };
        if units.is_empty() || !found.lines.iter().enumerate().all(fits) {
            return Err("refund-exceeds-paid");
        }
        self.take_back(order, &units);
        Ok(())
    }

    pub(super) fn cancel_payment(&mut self, by: By, order: usize) -> Result<(), Refused> {
        self.has_payment(by, order)?;
        let rest = self.orders[order].rest();
        if rest.is_empty() {
            return Err("payment-not-cancellable");
        }
        self.orders[order].cancelled = self.orders[order].refunds.is_empty();
        self.take_back(order, &rest);
        Ok(())
    }

    /// Whether there is a payment of this order that they may touch.
    fn has_payment(&self, by: By, order: usize) -> Result<(), Refused> {
        let order = &self.orders[order];
        let may = by == By::Admin || by == By::User(order.user);
        if may && order.is_paid() { Ok(()) } else { Err("not-found") }
    }

    fn take_back(&mut self, order: usize, units: &[Units]) {
        let mut items: Vec<ItemFigures> = Vec::new();
        for &Units { line, quantity, restock } in units {
            match items.iter_mut().find(|item| (item.line, item.restock) == (line, restock)) {
                Some(item) => item.quantity += quantity,
                None => items.push(ItemFigures { line, quantity, restock, amount: 0 }),
            }
        }
        let found = &mut self.orders[order];
        for item in &mut items {
            let line = &mut found.lines[item.line];
            let before = line.given_back();
            line.refunded += item.quantity;
            item.amount = line.given_back() - before;
            if item.restock {
                line.restocked += item.quantity;
                self.products[line.product].stock += i64::from(item.quantity);
            }
        }
        let all = found.lines.iter().all(|line| line.left() == 0);
        found.status = if all { OrderStatus::Refunded } else { OrderStatus::PartiallyRefunded };
        if let Some(coupon) = found.coupon.filter(|_| all) {
            self.coupons[coupon].order = None;
        }
        let amount = items.iter().map(|item| item.amount).sum();
        found.refunds.push(items);
        let (user, mut taken) = (found.user, std::mem::take(&mut found.taken));
        self.give_back(user, &mut taken, amount);
        self.orders[order].taken = taken;
    }
}
