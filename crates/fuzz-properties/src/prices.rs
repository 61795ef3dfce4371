//! What an order costs: amounts of lines, discounts and shares.

use std::collections::BTreeSet;

use arbitrary::{Result, Unstructured};
use chrono::{DateTime, TimeDelta};
use jangteo_order::{
    Discount, DiscountKind, DiscountRefusal, DiscountRule, DiscountScope, Order, OrderStatus, OrderTerms,
    OrderedItem, PlaceRefusal,
};
use jangteo_shared_kernel::{
    AllocationError, BasisPoints, Currency, Id, Money, MoneyError, ProductId, Quantity, allocate,
};
use uuid::Uuid;

/// The ingredients of an order with a discount, and of an amount that is shared out.
///
/// - An order's amounts are the exact ones, or a named refusal if there are none.
/// - Its discount is what the rule says, shared over the lines that it names, to the last unit, and on no line more than
///   the line costs.
/// - Shares add up to what was shared, are within one unit of the exact share, and never prefer the lighter.
pub fn prices(data: &[u8]) {
    let mut input = Unstructured::new(data);
    // Bytes that end too early are no order.
    let _ = order(&mut input);
    let _ = shares(&mut input);
}

/// Small amounts, those of a shop, and all there are.
fn amount(input: &mut Unstructured<'_>) -> Result<i64> {
    Ok(match input.int_in_range(0..=3)? {
        0 => i64::from(input.arbitrary::<u8>()?),
        1 => i64::from(input.arbitrary::<u32>()?),
        2 => input.int_in_range(0..=1_000_000_000_000)?,
        _ => input.arbitrary()?,
    })
}

fn krw(amount: i64) -> Money {
    Money::new(amount, Currency::KRW)
}

fn id<K>(number: u128) -> Id<K> {
    Id::from_uuid(Uuid::from_u128(number))
}

/// A line of an order as it is asked for.
struct Line {
    product: ProductId,
    /// Never below zero: no product costs that.
    price: i64,
    quantity: Quantity,
}

impl Line {
    fn read(input: &mut Unstructured<'_>) -> Result<Self> {
        let product = id(u128::from(input.int_in_range(0..=7_u8)?));
        let price = amount(input)?.checked_abs().unwrap_or(i64::MAX);
        // Up to ten times of what an order takes.
        let quantity = Quantity::new(input.int_in_range(0..=9_990)?);
        Ok(Self { product, price, quantity: quantity.unwrap_or(Quantity::ONE) })
    }

    fn gross(&self) -> i128 {
        i128::from(self.price) * i128::from(self.quantity.get())
    }
}

fn rule(input: &mut Unstructured<'_>) -> Result<DiscountRule> {
    let some_amount = |input: &mut Unstructured<'_>| -> Result<Option<Money>> {
        if input.arbitrary()? { Ok(Some(krw(amount(input)?))) } else { Ok(None) }
    };
    let kind = if input.arbitrary()? {
        DiscountKind::Fixed(krw(amount(input)?))
    } else {
        let rate = BasisPoints::new(input.int_in_range(0..=10_000)?).unwrap_or(BasisPoints::WHOLE);
        DiscountKind::Percent { rate, maximum: some_amount(input)? }
    };
    let minimum = some_amount(input)?;
    let scope = if input.arbitrary()? {
        DiscountScope::All
    } else {
        let products: u8 = input.arbitrary()?;
        let named = (0..8).filter(|n| products & (1 << n) != 0);
        DiscountScope::Products(named.map(id).collect::<BTreeSet<_>>())
    };
    Ok(DiscountRule { kind, minimum, scope })
}

fn order(input: &mut Unstructured<'_>) -> Result<()> {
    let mut lines = Vec::new();
    for _ in 0..input.int_in_range(1..=12_u8)? {
        lines.push(Line::read(input)?);
    }
    let rule = if input.arbitrary()? { Some(rule(input)?) } else { None };
    let expected = expected(&lines, rule.as_ref());
    let discount = rule.clone().map(|rule| Discount { coupon: id(9), rule });
    let now = DateTime::UNIX_EPOCH;
    let terms = OrderTerms {
        id: id(1),
        user: id(2),
        currency: Currency::KRW,
        placed_at: now,
        expires_at: now + TimeDelta::minutes(30),
    };
    let items = (0_u128..).zip(&lines).map(|(n, line)| OrderedItem {
        line: id(1_000 + n),
        product: line.product,
        product_name: "product".to_owned(),
        unit_price: krw(line.price),
        quantity: line.quantity,
    });
    match Order::place(terms, items, discount.as_ref()) {
        Ok(order) => {
            assert_eq!(expected, Ok((order.gross, order.discount)));
            add_up(&order, &lines, rule.as_ref());
        }
        Err(refused) => assert_eq!(expected, Err(refused)),
    }
    Ok(())
}

/// The gross and the discount that an order should have.
fn expected(
    lines: &[Line],
    rule: Option<&DiscountRule>,
) -> std::result::Result<(Money, Money), PlaceRefusal> {
    let exact = |value: i128| i64::try_from(value).map(krw).map_err(|_| MoneyError::Overflow);
    let gross = exact(lines.iter().map(Line::gross).sum())?;
    let Some(rule) = rule else { return Ok((gross, krw(0))) };
    let mut named = lines.iter().filter(|line| names(rule, line.product)).peekable();
    if named.peek().is_none() {
        return Err(DiscountRefusal::NothingApplies.into());
    }
    let base: i128 = named.map(Line::gross).sum();
    if let Some(minimum) = rule.minimum.filter(|minimum| base < i128::from(minimum.amount())) {
        return Err(DiscountRefusal::BelowMinimum { minimum }.into());
    }
    let most = |limit: Option<Money>| limit.map_or(base, |limit| base.min(limit.amount().into()));
    let off = match rule.kind {
        DiscountKind::Fixed(amount) => most(Some(amount)),
        DiscountKind::Percent { rate, maximum } => {
            (base * i128::from(rate.get()) / 10_000).min(most(maximum))
        }
    };
    if off <= 0 {
        return Err(DiscountRefusal::NothingOff.into());
    }
    Ok((gross, exact(off)?))
}

fn names(rule: &DiscountRule, product: ProductId) -> bool {
    match &rule.scope {
        DiscountScope::All => true,
        DiscountScope::Products(products) => products.contains(&product),
    }
}

fn add_up(order: &Order, lines: &[Line], rule: Option<&DiscountRule>) {
    assert_eq!(order.lines.len(), lines.len());
    let mut total = 0_i128;
    for (placed, line) in order.lines.iter().zip(lines) {
        assert_eq!(i128::from(placed.gross.amount()), line.gross());
        let most = if rule.is_some_and(|rule| names(rule, line.product)) { placed.gross.amount() } else { 0 };
        assert!((0..=most).contains(&placed.discount.amount()), "{} of {most}", placed.discount);
        total += i128::from(placed.net().amount());
    }
    let off: i128 = order.lines.iter().map(|line| i128::from(line.discount.amount())).sum();
    assert_eq!(off, i128::from(order.discount.amount()), "the discount is shared to the last unit");
    assert_eq!(total, i128::from(order.total().amount()), "the lines cost what the order costs");
    assert!(!order.total().is_negative());
    assert_eq!(order.status() == OrderStatus::Paid, order.total().is_zero());
}

fn shares(input: &mut Unstructured<'_>) -> Result<()> {
    let total = amount(input)?;
    let mut weights = Vec::new();
    while !input.is_empty() && weights.len() < 100 {
        weights.push(amount(input)?);
    }
    let whole: i128 = weights.iter().copied().map(i128::from).sum();
    let money: Vec<Money> = weights.iter().copied().map(krw).collect();
    let shares = match allocate(krw(total), &money) {
        Ok(shares) => shares,
        Err(refused) => {
            let negative = total < 0 || weights.iter().any(|weight| *weight < 0);
            let expected = if negative { AllocationError::Negative } else { AllocationError::ExceedsWeights };
            assert_eq!(refused, expected);
            assert!(negative || i128::from(total) > whole, "there was a way to share {total}");
            return Ok(());
        }
    };
    assert_eq!(shares.len(), weights.len());
    let shares: Vec<i64> = shares.into_iter().map(Money::amount).collect();
    let sum: i128 = shares.iter().copied().map(i128::from).sum();
    assert_eq!(sum, i128::from(total), "shares add up");
    for (share, weight) in shares.iter().zip(&weights) {
        assert!((0..=*weight).contains(share), "{share} of {weight}");
        let off = i128::from(*share) * whole - i128::from(total) * i128::from(*weight);
        assert!(off.abs() < whole.max(1), "{share} is a unit or more off");
    }
    let mut by_weight: Vec<usize> = (0..weights.len()).collect();
    // Of two that weigh the same, the later comes first, which never gets more.
    by_weight.sort_by_key(|&at| (weights[at], std::cmp::Reverse(at)));
    assert!(by_weight.is_sorted_by_key(|&at| shares[at]), "the lighter got more: {shares:?} of {weights:?}");
    Ok(())
}
