//! Placing an order: every amount is computed here and frozen (ADR-005).

use jangteo_shared_kernel::{Currency, Money, OrderId, OrderLineId, ProductId, Quantity, Timestamp, UserId};

use crate::{Discount, Order, OrderLine, OrderState, PlaceRefusal};

/// What is known of an order before its lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderTerms {
    /// The new order's id.
    pub id: OrderId,
    /// Who places it.
    pub user: UserId,
    /// What its amounts are in.
    pub currency: Currency,
    /// When it is placed.
    pub placed_at: Timestamp,
    /// From then on it can no longer be paid.
    pub expires_at: Timestamp,
}

/// A product that is ordered, as it is at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderedItem {
    /// The new line's id.
    pub line: OrderLineId,
    /// Which product.
    pub product: ProductId,
    /// What it is called now.
    pub product_name: String,
    /// What one unit costs now.
    pub unit_price: Money,
    /// How many units.
    pub quantity: Quantity,
}

impl Order {
    /// The version of an order that was just placed, and nothing more.
    pub const PLACED_VERSION: i64 = 1;

    /// Places an order over items that were merged by [`crate::RequestedItems`] and whose stock is taken in the same
    /// transaction. The discount's coupon MUST be used in that transaction too. An order with nothing to pay is paid at
    /// once, which is its second version; a payment of zero MUST be written with it.
    pub fn place(
        terms: OrderTerms,
        items: impl IntoIterator<Item = OrderedItem>,
        discount: Option<&Discount>,
    ) -> Result<Self, PlaceRefusal> {
        let nothing = Money::zero(terms.currency);
        let mut gross = nothing;
        let mut lines = Vec::new();
        for (number, item) in (1..).zip(items) {
            let line_gross = item.unit_price.times(item.quantity)?;
            gross = gross.plus(line_gross)?;
            lines.push(OrderLine {
                id: item.line,
                number,
                product: item.product,
                product_name: item.product_name,
                unit_price: item.unit_price,
                quantity: item.quantity,
                gross: line_gross,
                discount: nothing,
                refunded: Quantity::ZERO,
                restocked: Quantity::ZERO,
            });
        }
        if let Some(Discount { rule, .. }) = discount {
            let shares = rule.shares(&lines, nothing)?;
            for (line, share) in lines.iter_mut().zip(shares) {
                line.discount = share;
            }
        }
        let mut order = Self {
            id: terms.id,
            user: terms.user,
            discount: Money::sum(terms.currency, lines.iter().map(|line| line.discount))?,
            lines,
            gross,
            issued_coupon: discount.map(|discount| discount.coupon),
            created_at: terms.placed_at,
            expires_at: terms.expires_at,
            state: OrderState::PendingPayment,
            version: Self::PLACED_VERSION,
        };
        if order.total().is_zero() {
            order.enter(OrderState::Paid { paid_at: terms.placed_at });
        }
        Ok(order)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use chrono::TimeDelta;
    use jangteo_shared_kernel::MoneyError;
    use proptest::prelude::*;

    use super::*;
    use crate::{DiscountRule, MAX_LINE_QUANTITY, MAX_LINES, OrderStatus};

    fn krw(amount: i64) -> Money {
        Money::new(amount, Currency::KRW)
    }

    fn id(n: usize) -> String {
        format!("01900000-0000-7000-8000-{n:012x}")
    }

    /// The product of a line, counted from 0.
    pub(crate) fn product(line: usize) -> ProductId {
        id(2_000 + line).parse().unwrap()
    }

    fn try_order_of(lines: &[(i64, u32)], discount: Option<&Discount>) -> Result<Order, PlaceRefusal> {
        let placed_at = Timestamp::UNIX_EPOCH;
        let terms = OrderTerms {
            id: id(1).parse().unwrap(),
            user: id(2).parse().unwrap(),
            currency: Currency::KRW,
            placed_at,
            expires_at: placed_at + TimeDelta::minutes(30),
        };
        let items = lines.iter().enumerate().map(|(n, &(price, quantity))| OrderedItem {
            line: id(1_000 + n).parse().unwrap(),
            product: product(n),
            product_name: format!("product {n}"),
            unit_price: krw(price),
            quantity: Quantity::new(quantity).unwrap(),
        });
        Order::place(terms, items, discount)
    }

    /// An order of lines with these prices and quantities.
    pub(crate) fn order_of(lines: &[(i64, u32)]) -> Order {
        try_order_of(lines, None).unwrap()
    }

    /// An order of lines with these prices and quantities, placed with a coupon.
    pub(crate) fn discounted(lines: &[(i64, u32)], rule: DiscountRule) -> Result<Order, PlaceRefusal> {
        try_order_of(lines, Some(&Discount { coupon: id(3).parse().unwrap(), rule }))
    }

    /// Hard case 3: a total of zero.
    #[test]
    fn hard_case_3_nothing_to_pay_is_paid_at_once() {
        let order = order_of(&[(0, 3), (0, 1)]);
        assert_eq!(order.status(), OrderStatus::Paid);
        assert_eq!(order.state.paid_at(), Some(order.created_at));
        assert_eq!(order_of(&[(0, 3), (1, 1)]).status(), OrderStatus::PendingPayment);
    }

    /// Hard case 20: amounts at the edges of i64.
    #[test]
    fn hard_case_20_an_amount_that_does_not_fit_is_refused() {
        let overflow = Err(PlaceRefusal::Amount(MoneyError::Overflow));
        assert_eq!(try_order_of(&[(i64::MAX, 2)], None), overflow);
        assert_eq!(try_order_of(&[(i64::MAX, 1), (1, 1)], None), overflow);
        assert_eq!(order_of(&[(i64::MAX, 1)]).total(), krw(i64::MAX));
    }

    #[test]
    fn the_largest_order_fits() {
        let lines = vec![(1_000_000_000_000, MAX_LINE_QUANTITY); MAX_LINES];
        assert_eq!(order_of(&lines).total(), krw(99_900_000_000_000_000));
    }

    proptest! {
        #[test]
        fn amounts_add_up(lines in prop::collection::vec((0_i64..=1_000_000_000_000, 1_u32..=999), 1..=100)) {
            let order = order_of(&lines);
            let net = Money::sum(Currency::KRW, order.lines.iter().map(OrderLine::net)).unwrap();
            prop_assert_eq!(net, order.total());
            for (line, (price, quantity)) in order.lines.iter().zip(lines) {
                prop_assert_eq!(line.gross, krw(price * i64::from(quantity)));
            }
            prop_assert!(order.lines.iter().map(|line| line.number).eq(1..=u16::try_from(order.lines.len()).unwrap()));
        }
    }
}
