//! Working a refund out. A preview stops here.

use jangteo_shared_kernel::{Currency, Money, MoneyError, OrderLineId, ProductId, Quantity};

use crate::{RefundableLine, RefundablePayment, RequestedItem, RequestedRefund, Share};

/// What a refund would be: units and amounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundPlan {
    /// The units, in the order in which they were asked for; of all that is left, by line number.
    pub items: Vec<RefundItem>,
    /// How much goes back on each way, by method; ways that paid for one of the lines are named even with nothing.
    pub tenders: Vec<Share>,
    /// Σ of the items, and Σ of the tenders.
    pub amount: Money,
    /// Whether no unit of the order is left after it.
    pub rest: bool,
}

/// Units of one line, and what they give back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundItem {
    /// Of which line. No two items of a refund are of the same line with the same `restock`.
    pub line: OrderLineId,
    /// Of which product.
    pub product: ProductId,
    /// How many.
    pub quantity: Quantity,
    /// Whether they go back into the stock.
    pub restock: bool,
    /// How much goes back on each way, by method.
    pub shares: Vec<Share>,
    /// Σ of the shares.
    pub amount: Money,
}

/// Why something cannot be refunded. The first that holds is told, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PlanRefusal {
    /// The order has no such line.
    #[error("the order has no such line")]
    UnknownLine {
        /// Which of the requested items, from 0.
        index: usize,
    },
    /// It is more than is left, or nothing is left at all.
    #[error("more would be refunded than was paid")]
    ExceedsPaid,
    /// The payment's own amounts do not add up: a bug elsewhere, found here.
    #[error(transparent)]
    BrokenPayment(#[from] MoneyError),
}

impl RefundablePayment {
    /// Works out what a refund gives back. The payment MUST be as it is under the locks of its order for a refund; for a
    /// preview it may be as it was read.
    pub fn plan(&self, wanted: &RequestedRefund) -> Result<RefundPlan, PlanRefusal> {
        let mut left: Vec<RefundableLine> = self.lines.clone();
        let mut items = Vec::new();
        for wanted in self.merged(wanted)? {
            let line = left.iter_mut().find(|line| line.line == wanted.line);
            items.push(line.ok_or(PlanRefusal::ExceedsPaid)?.take(wanted, self.currency)?);
        }
        if items.is_empty() {
            return Err(PlanRefusal::ExceedsPaid);
        }
        Ok(RefundPlan {
            amount: Money::sum(self.currency, items.iter().map(|item| item.amount))?,
            tenders: Share::by_method(self.currency, items.iter().flat_map(|item| &item.shares))?,
            items,
            rest: left.iter().all(|line| line.left() == Quantity::ZERO),
        })
    }

    /// What is asked for, with the items summed that are of one line and go to the same place.
    fn merged(&self, wanted: &RequestedRefund) -> Result<Vec<RequestedItem>, PlanRefusal> {
        let wanted = match wanted {
            RequestedRefund::These(items) => items,
            RequestedRefund::Everything => {
                let rest = |line: &RefundableLine| RequestedItem {
                    line: line.line,
                    quantity: line.left(),
                    restock: true,
                };
                let rests = self.lines.iter().map(rest);
                return Ok(rests.filter(|item| item.quantity > Quantity::ZERO).collect());
            }
        };
        if let Some(index) =
            wanted.iter().position(|item| self.lines.iter().all(|line| line.line != item.line))
        {
            return Err(PlanRefusal::UnknownLine { index });
        }
        let mut merged: Vec<RequestedItem> = Vec::new();
        for item in wanted {
            let alike = |other: &&mut RequestedItem| (other.line, other.restock) == (item.line, item.restock);
            match merged.iter_mut().find(alike) {
                Some(other) => {
                    let sum = other.quantity.plus(item.quantity);
                    other.quantity = sum.map_err(|_| PlanRefusal::ExceedsPaid)?;
                }
                None => merged.push(*item),
            }
        }
        Ok(merged)
    }
}

impl RefundableLine {
    /// Takes units off what is left.
    fn take(&mut self, wanted: RequestedItem, currency: Currency) -> Result<RefundItem, PlanRefusal> {
        if wanted.quantity > self.left() {
            return Err(PlanRefusal::ExceedsPaid);
        }
        let share = |share: &Share| share.of_units(self.refunded, wanted.quantity, self.quantity);
        let mut shares: Vec<Share> = self.shares.iter().map(share).collect::<Result<_, _>>()?;
        shares.sort_by_key(|share| share.method);
        self.refunded = self.refunded.plus(wanted.quantity).map_err(|_| PlanRefusal::ExceedsPaid)?;
        Ok(RefundItem {
            line: self.line,
            product: self.product,
            quantity: wanted.quantity,
            restock: wanted.restock,
            amount: Money::sum(currency, shares.iter().map(|share| share.amount))?,
            shares,
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeMap;

    use jangteo_shared_kernel::{Id, Timestamp};
    use proptest::prelude::*;

    use super::*;
    use crate::RefundMethod::{self, Card, Point};

    pub(crate) fn id<K>(n: usize) -> Id<K> {
        format!("01900000-0000-7000-8000-{n:012x}").parse().unwrap()
    }

    fn krw(amount: i64) -> Money {
        Money::new(amount, Currency::KRW)
    }

    fn units(n: u32) -> Quantity {
        Quantity::new(n).unwrap()
    }

    /// A payment of lines with these quantities, for each of which points and card paid so much.
    pub(crate) fn payment(lines: &[(u32, i64, i64)]) -> RefundablePayment {
        let line = |(n, &(quantity, points, card)): (usize, &(u32, i64, i64))| RefundableLine {
            line: id(100 + n),
            product: id(200 + n),
            quantity: units(quantity),
            refunded: Quantity::ZERO,
            shares: vec![
                Share { method: Point, amount: krw(points) },
                Share { method: Card, amount: krw(card) },
            ],
        };
        RefundablePayment {
            payment: id(1),
            order: id(2),
            user: id(3),
            paid_at: Timestamp::UNIX_EPOCH,
            currency: Currency::KRW,
            lines: lines.iter().enumerate().map(line).collect(),
        }
    }

    fn item(line: usize, quantity: u32) -> RequestedItem {
        RequestedItem { line: id(100 + line), quantity: units(quantity), restock: true }
    }

    fn these(items: &[RequestedItem]) -> RequestedRefund {
        RequestedRefund::these(items.to_vec()).unwrap()
    }

    /// What a refund by this plan leaves.
    fn apply(payment: &mut RefundablePayment, plan: &RefundPlan) {
        for item in &plan.items {
            let line = payment.lines.iter_mut().find(|line| line.line == item.line).unwrap();
            line.refunded = line.refunded.plus(item.quantity).unwrap();
        }
    }

    fn refund(payment: &mut RefundablePayment, wanted: &RequestedRefund) -> Result<RefundPlan, PlanRefusal> {
        let plan = payment.plan(wanted)?;
        apply(payment, &plan);
        Ok(plan)
    }

    fn on(plan: &RefundPlan, method: RefundMethod) -> i64 {
        plan.tenders.iter().filter(|share| share.method == method).map(|share| share.amount.amount()).sum()
    }

    #[test]
    fn gives_back_each_share_in_proportion() {
        let payment = payment(&[(3, 10_000, 500), (2, 0, 7)]);
        let plan = payment.plan(&these(&[item(1, 1), item(0, 2)])).unwrap();
        assert_eq!((on(&plan, Point), on(&plan, Card), plan.amount), (6_666, 3 + 333, krw(7_002)));
        assert_eq!(plan.items.iter().map(|item| item.amount).collect::<Vec<_>>(), [krw(3), krw(6_999)]);
        assert!(!plan.rest);
    }

    /// Hard case 8: the last unit after odd partial refunds.
    #[test]
    fn hard_case_8_the_last_unit_gives_what_is_left_to_the_won() {
        let mut payment = payment(&[(7, 10_000, 1)]);
        let mut given = Vec::new();
        for count in [2, 3, 1, 1] {
            let plan = refund(&mut payment, &these(&[item(0, count)])).unwrap();
            given.push((on(&plan, Point), on(&plan, Card), plan.rest));
        }
        assert_eq!(given, [(2_857, 0, false), (4_285, 0, false), (1_429, 0, false), (1_429, 1, true)]);
    }

    /// Hard case 7: two refunds that fit alone, not together.
    #[test]
    fn hard_case_7_of_two_refunds_that_only_fit_alone_the_second_is_refused() {
        let mut payment = payment(&[(3, 3_000, 0)]);
        let two = these(&[item(0, 2)]);
        assert!(payment.plan(&two).is_ok());
        assert!(refund(&mut payment, &two).is_ok());
        assert_eq!(payment.plan(&two), Err(PlanRefusal::ExceedsPaid));
        assert!(refund(&mut payment, &these(&[item(0, 1)])).is_ok());
    }

    #[test]
    fn everything_is_all_that_is_left() {
        let mut payment = payment(&[(3, 10_000, 0), (1, 0, 50), (2, 0, 9)]);
        refund(&mut payment, &these(&[item(0, 1), item(1, 1)])).unwrap();
        let plan = refund(&mut payment, &RequestedRefund::Everything).unwrap();
        let items: Vec<_> =
            plan.items.iter().map(|item| (item.line, item.quantity.get(), item.restock)).collect();
        assert_eq!(items, [(id(100), 2, true), (id(102), 2, true)]);
        assert_eq!((plan.amount, plan.rest), (krw(6_667 + 9), true));
        assert_eq!(payment.plan(&RequestedRefund::Everything), Err(PlanRefusal::ExceedsPaid));
    }

    #[test]
    fn repeated_lines_are_summed() {
        let payment = payment(&[(3, 10_000, 0)]);
        let twice = payment.plan(&these(&[item(0, 1), item(0, 1)])).unwrap();
        assert_eq!(twice, payment.plan(&these(&[item(0, 2)])).unwrap());
        let out = RequestedItem { restock: false, ..item(0, 1) };
        let apart = payment.plan(&these(&[item(0, 1), out, item(0, 1)])).unwrap();
        let items: Vec<_> = apart.items.iter().map(|item| (item.quantity.get(), item.restock)).collect();
        assert_eq!((items, apart.amount), (vec![(2, true), (1, false)], krw(10_000)));
        for too_many in
            [&[item(0, 2), out, item(0, 1)][..], &[item(0, 4_000_000_000), item(0, 4_000_000_000)]]
        {
            assert_eq!(payment.plan(&these(too_many)), Err(PlanRefusal::ExceedsPaid));
        }
    }

    #[test]
    fn a_refund_of_nothing_is_one_like_any_other() {
        let free = RefundablePayment {
            lines: vec![RefundableLine { shares: vec![], ..payment(&[(2, 0, 0)]).lines.remove(0) }],
            ..payment(&[])
        };
        let plan = free.plan(&these(&[item(0, 1)])).unwrap();
        assert_eq!((plan.amount, plan.tenders.len(), plan.rest), (krw(0), 0, false));
        assert!(free.plan(&RequestedRefund::Everything).unwrap().rest);
    }

    #[test]
    fn an_unknown_line_is_told_before_anything_else() {
        let payment = payment(&[(1, 100, 0)]);
        let refused = payment.plan(&these(&[item(0, 5), item(1, 1)]));
        assert_eq!(refused, Err(PlanRefusal::UnknownLine { index: 1 }));
    }

    #[test]
    fn shares_of_another_currency_are_found() {
        let mut broken = payment(&[(1, 100, 0)]);
        broken.lines[0].shares[1].amount = Money::new(0, "USD".parse().unwrap());
        assert!(matches!(broken.plan(&RequestedRefund::Everything), Err(PlanRefusal::BrokenPayment(_))));
    }

    fn lines() -> impl Strategy<Value = Vec<(u32, i64, i64)>> {
        let share = || prop_oneof![0_i64..50, 0_i64..=99_900_000_000_000_000];
        prop::collection::vec((1_u32..=20, share(), share()), 1..6)
    }

    proptest! {
        #[test]
        fn any_split_adds_up_to_exactly_what_was_paid_per_tender_and_line(
            lines in lines(),
            steps in prop::collection::vec(prop::collection::vec((0_usize..6, 1_u32..8, any::<bool>()), 1..4), 0..30),
        ) {
            let mut payment = payment(&lines);
            let mut given: BTreeMap<(OrderLineId, RefundMethod), i64> = BTreeMap::new();
            let mut units_back = vec![0; lines.len()];
            let asked = steps.into_iter().map(|step| {
                let item = |(line, quantity, restock)| RequestedItem { restock, ..item(line % lines.len(), quantity) };
                these(&step.into_iter().map(item).collect::<Vec<_>>())
            });
            for wanted in asked.chain([RequestedRefund::Everything]) {
                let preview = payment.plan(&wanted);
                let plan = refund(&mut payment, &wanted);
                prop_assert_eq!(&preview, &plan);
                let Ok(plan) = plan else {
                    prop_assert_eq!(plan, Err(PlanRefusal::ExceedsPaid));
                    continue;
                };
                let by_item: i64 = plan.items.iter().map(|item| item.amount.amount()).sum();
                let by_tender: i64 = plan.tenders.iter().map(|share| share.amount.amount()).sum();
                prop_assert_eq!((by_item, by_tender), (plan.amount.amount(), plan.amount.amount()));
                for item in &plan.items {
                    let line = payment.lines.iter().position(|line| line.line == item.line).unwrap();
                    units_back[line] += item.quantity.get();
                    for share in &item.shares {
                        prop_assert!(!share.amount.is_negative());
                        *given.entry((item.line, share.method)).or_default() += share.amount.amount();
                    }
                }
                prop_assert_eq!(plan.rest, units_back.iter().zip(&lines).all(|(back, line)| *back == line.0));
                prop_assert!(units_back.iter().zip(&lines).all(|(back, line)| *back <= line.0));
            }
            for line in &payment.lines {
                prop_assert_eq!(line.refunded, line.quantity);
                for share in &line.shares {
                    prop_assert_eq!(given.get(&(line.line, share.method)), Some(&share.amount.amount()));
                }
            }
        }
    }
}
