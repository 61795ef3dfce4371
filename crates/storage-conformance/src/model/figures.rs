//! What can be read of a shop.

use jangteo_coupon::CouponStatus;
use jangteo_order::OrderStatus;
use jangteo_payment::PaymentStatus;

/// Everything that a step can change.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Figures {
    /// Of each product.
    pub(super) stock: Vec<i64>,
    /// Of each user.
    pub(super) points: Vec<PointFigures>,
    /// In the order of being placed.
    pub(super) orders: Vec<OrderFigures>,
    /// In the order of their claims.
    pub(super) coupons: Vec<CouponFigures>,
    /// How many coupons of each campaign are claimed.
    pub(super) claimed: Vec<u32>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct PointFigures {
    /// What is on the books, also if it has expired and nobody has written it off.
    pub(super) balance: i64,
    /// What can be spent, in the order of coming in. Lots that are alike are one, because nothing says which goes first.
    pub(super) lots: Vec<LotFigures>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct LotFigures {
    pub(super) since: i64,
    pub(super) bonus: bool,
    pub(super) left: i64,
    pub(super) until: Option<i64>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct OrderFigures {
    pub(super) user: usize,
    pub(super) status: OrderStatus,
    pub(super) total: i64,
    pub(super) coupon: Option<usize>,
    pub(super) lines: Vec<LineFigures>,
    pub(super) payments: Vec<PaymentFigures>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct LineFigures {
    pub(super) product: usize,
    pub(super) quantity: u32,
    pub(super) gross: i64,
    pub(super) discount: i64,
    pub(super) refunded: u32,
    /// How many of the refunded ones went back into the stock.
    pub(super) restocked: u32,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct PaymentFigures {
    pub(super) status: PaymentStatus,
    pub(super) captured: i64,
    pub(super) refunded: i64,
    /// The amount of each tender, and how much of it was refunded.
    pub(super) tenders: Vec<(i64, i64)>,
    /// In the order of being made.
    pub(super) refunds: Vec<RefundFigures>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct RefundFigures {
    pub(super) amount: i64,
    pub(super) items: Vec<ItemFigures>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ItemFigures {
    pub(super) line: usize,
    pub(super) quantity: u32,
    pub(super) restock: bool,
    pub(super) amount: i64,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct CouponFigures {
    pub(super) campaign: usize,
    pub(super) user: usize,
    pub(super) sequence: u32,
    pub(super) status: CouponStatus,
    pub(super) order: Option<usize>,
}

impl Figures {
    /// No amount is below zero, and money is neither lost nor invented, whatever the model thinks.
    pub(super) fn make_sense(&self) {
        assert!(self.stock.iter().all(|stock| *stock >= 0));
        assert!(self.points.iter().flat_map(|account| &account.lots).all(|lot| lot.left > 0));
        self.orders.iter().for_each(OrderFigures::make_sense);
    }
}

impl OrderFigures {
    fn make_sense(&self) {
        let mut net = 0;
        for line in &self.lines {
            assert!((0..=line.gross).contains(&line.discount) && line.refunded <= line.quantity, "{line:?}");
            assert!(line.restocked <= line.refunded, "{line:?}");
            net += line.gross - line.discount;
        }
        assert_eq!(net, self.total, "{self:?}");
        let settled = match self.status {
            OrderStatus::PendingPayment | OrderStatus::Cancelled | OrderStatus::Expired => 0,
            OrderStatus::Paid | OrderStatus::PartiallyRefunded | OrderStatus::Refunded => 1,
        };
        assert_eq!(self.payments.len(), settled, "{self:?}");
        for payment in &self.payments {
            assert_eq!(payment.captured, self.total, "{self:?}");
            assert!(
                payment.tenders.iter().all(|(amount, refunded)| (0..=*amount).contains(refunded)),
                "{self:?}"
            );
            let sum = |side: fn(&(i64, i64)) -> i64| payment.tenders.iter().map(side).sum::<i64>();
            assert_eq!(
                (payment.captured, payment.refunded),
                (sum(|tender| tender.0), sum(|tender| tender.1))
            );
            let given_back: i64 = payment.refunds.iter().map(|refund| refund.amount).sum();
            assert_eq!(payment.refunded, given_back, "{self:?}");
            // The last unit brings back the last won, of each tender.
            if self.lines.iter().all(|line| line.refunded == line.quantity) {
                assert_eq!(payment.refunded, payment.captured, "{self:?}");
            }
        }
    }
}
