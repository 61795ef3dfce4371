//! What can be read of a shop, by the numbers of things.

use std::collections::BTreeMap;

use jangteo_order::{Order, OrderFilter, OrderLine};
use jangteo_payment::Payment;
use jangteo_point::PointLotKind;
use jangteo_refund::{Refund, RefundItem};
use jangteo_shared_kernel::{IssuedCouponId, Limit, PageRequest, ProductId, Timestamp, UserId};

use super::{Shop, decided};
use crate::Storage;
use crate::model::figures::{
    CouponFigures, Figures, ItemFigures, LineFigures, LotFigures, OrderFigures, PaymentFigures, PointFigures,
    RefundFigures,
};

/// The number of the thing with this id.
fn number<T: PartialEq>(ids: &[T], id: &T) -> usize {
    ids.iter().position(|known| known == id).expect("an id that the shop gave")
}

impl<S: Storage> Shop<S> {
    pub(in crate::model) async fn figures(&self) -> Figures {
        let mut figures = Figures {
            stock: Vec::new(),
            points: Vec::new(),
            orders: self.read_orders().await,
            coupons: Vec::new(),
            claimed: Vec::new(),
        };
        for product in &self.products {
            figures.stock.push(self.stock(*product).await);
        }
        for user in &self.users {
            figures.points.push(self.points(*user).await);
        }
        for coupon in &self.coupons {
            figures.coupons.push(self.coupon(*coupon).await);
        }
        for campaign in &self.campaigns {
            let allotment = decided(self.storage.find_allotment(*campaign).await).expect("a campaign");
            figures.claimed.push(allotment.claimed.get());
        }
        figures
    }

    /// The audit finds nothing.
    pub(in crate::model) async fn adds_up(&self) {
        let report = decided(self.storage.audit(self.fixtures.now()).await);
        assert!(report.holds(), "{report:?}");
    }

    async fn stock(&self, product: ProductId) -> i64 {
        let product = decided(self.storage.find_product(product).await).expect("a product");
        i64::from(product.stock.get())
    }

    async fn points(&self, user: UserId) -> PointFigures {
        let account = decided(self.storage.find_point_account(user).await).expect("an account");
        let now = self.fixtures.now();
        let mut live = BTreeMap::new();
        for lot in account.lots.iter().filter(|lot| lot.is_live(now)) {
            let alike = (lot.created_at, lot.expires_at, lot.kind == PointLotKind::Bonus);
            *live.entry(alike).or_default() += lot.remaining.amount();
        }
        assert_eq!(live.values().sum::<i64>(), account.available(now).amount());
        let lot = |((since, until, bonus), left): ((Timestamp, Option<Timestamp>, bool), i64)| LotFigures {
            since: self.seconds(since),
            bonus,
            left,
            until: until.map(|until| self.seconds(until)),
        };
        PointFigures { balance: account.balance.amount(), lots: live.into_iter().map(lot).collect() }
    }

    fn seconds(&self, instant: Timestamp) -> i64 {
        (instant - self.opened_at).num_seconds()
    }

    async fn coupon(&self, id: IssuedCouponId) -> CouponFigures {
        let coupon = decided(self.storage.find_issued_coupon(id).await).expect("a coupon");
        CouponFigures {
            campaign: number(&self.campaigns, &coupon.campaign),
            user: number(&self.users, &coupon.user),
            sequence: coupon.sequence,
            status: coupon.status(self.fixtures.now()),
            order: coupon.used.map(|used| number(&self.orders, &used.order)),
        }
    }

    async fn read_orders(&self) -> Vec<OrderFigures> {
        let page = PageRequest { limit: Limit::new(100).expect("a limit"), after: None };
        let newest_first = decided(self.storage.list_orders(&OrderFilter::default(), &page).await).items;
        let mut figures = Vec::with_capacity(newest_first.len());
        for order in newest_first.into_iter().rev() {
            assert_eq!(number(&self.orders, &order.id), figures.len(), "the list is in order");
            let mut payments = Vec::new();
            for payment in decided(self.storage.payments_of_order(order.id).await) {
                payments.push(self.payment(&order, &payment).await);
            }
            figures.push(self.order(&order, payments));
        }
        assert_eq!(figures.len(), self.orders.len(), "each order is in the list");
        figures
    }

    fn order(&self, order: &Order, payments: Vec<PaymentFigures>) -> OrderFigures {
        let line = |line: &OrderLine| LineFigures {
            product: number(&self.products, &line.product),
            quantity: line.quantity.get(),
            gross: line.gross.amount(),
            discount: line.discount.amount(),
            refunded: line.refunded.get(),
            restocked: line.restocked.get(),
        };
        OrderFigures {
            user: number(&self.users, &order.user),
            status: order.status(),
            total: order.total().amount(),
            coupon: order.issued_coupon.map(|coupon| number(&self.coupons, &coupon)),
            lines: order.lines.iter().map(line).collect(),
            payments,
        }
    }

    async fn payment(&self, order: &Order, payment: &Payment) -> PaymentFigures {
        let page = PageRequest { limit: Limit::new(100).expect("a limit"), after: None };
        let newest_first = decided(self.storage.list_refunds_of_payment(payment.id, &page).await).items;
        let item = |item: &RefundItem| ItemFigures {
            line: order.lines.iter().position(|line| line.id == item.line).expect("a line of the order"),
            quantity: item.quantity.get(),
            restock: item.restock,
            amount: item.amount.amount(),
        };
        let refund = |refund: &Refund| RefundFigures {
            amount: refund.amount.amount(),
            items: refund.items.iter().map(item).collect(),
        };
        PaymentFigures {
            status: payment.status(),
            captured: payment.captured().amount(),
            refunded: payment.refunded().amount(),
            tenders: payment
                .tenders
                .iter()
                .map(|tender| (tender.amount.amount(), tender.refunded.amount()))
                .collect(),
            refunds: newest_first.iter().rev().map(refund).collect(),
        }
    }
}
