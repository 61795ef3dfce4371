//! Which steps are likely in a shop as it is: mostly sensible ones, so that sequences get somewhere.

use jangteo_order::OrderStatus;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;

use super::opening::{CAMPAIGNS, MONTH, PRICES};
use super::reference::{Order, Reference};
use super::step::{By, Step};

mod refunds;

/// What may come next.
pub(super) fn after(shop: &Reference) -> BoxedStrategy<Step> {
    let user = || select(users(shop));
    let product = || 0..PRICES.len();
    let now = shop.now;
    let mut steps = vec![
        (3, (user(), 900..31_000_i64).prop_map(|(user, amount)| Step::Charge { user, amount }).boxed()),
        (
            3,
            (user(), prop_oneof![1..900_i64, 1..9_000_i64], prop_oneof![0..600_i64, 0..7_200_i64])
                .prop_map(move |(user, amount, lives)| Step::Grant { user, amount, until: now + lives })
                .boxed(),
        ),
        (4, (user(), 0..CAMPAIGNS.len()).prop_map(|(user, campaign)| Step::Claim { user, campaign }).boxed()),
        (7, place(shop)),
        (2, (product(), delta()).prop_map(|(product, delta)| Step::Adjust { product, delta }).boxed()),
        (
            1,
            (product(), 0..5_000_i64, prop::bool::weighted(0.8))
                .prop_map(|(product, price, on_sale)| Step::Edit { product, price, on_sale })
                .boxed(),
        ),
        (4, wait(shop)),
        (2, Just(Step::ExpireOrders).boxed()),
        (2, Just(Step::ExpirePoints).boxed()),
    ];
    let orders = shop.orders.len();
    if orders > 0 {
        steps.push((8, pay(shop)));
        steps.push((if refunds::are_possible(shop) { 14 } else { 1 }, refunds::step(shop)));
        let owners: Vec<usize> = shop.orders.iter().map(|order| order.user).collect();
        steps.push((
            3,
            (0..orders, user(), prop::bool::weighted(0.9))
                .prop_map(move |(order, other, own)| Step::Cancel {
                    user: if own { owners[order] } else { other },
                    order,
                })
                .boxed(),
        ));
    }
    if !shop.requests.is_empty() {
        let request = 0..shop.requests.len();
        steps.push((3, request.prop_map(|request| Step::Repeat { request }).boxed()));
    }
    let leaving: Vec<usize> = users(shop).into_iter().filter(|user| *user > 0).collect();
    if !leaving.is_empty() && shop.orders.len() > 2 {
        steps.push((1, select(leaving).prop_map(|user| Step::Delete { user }).boxed()));
    }
    // Whoever has left takes no steps; their orders are still found by number.
    let there = users(shop);
    Union::new_weighted(steps)
        .prop_map(move |step| match step {
            Step::Pay { user, order, points } if !there.contains(&user) => {
                Step::Pay { user: there[0], order, points }
            }
            Step::Cancel { user, order } if !there.contains(&user) => Step::Cancel { user: there[0], order },
            Step::Place { user, items, expected, .. } if !there.contains(&user) => {
                Step::Place { user: there[0], items, coupon: None, expected }
            }
            Step::Refund { by: By::User(user), order, units } if !there.contains(&user) => {
                Step::Refund { by: By::Admin, order, units }
            }
            Step::CancelPayment { by: By::User(user), order } if !there.contains(&user) => {
                Step::CancelPayment { by: By::Admin, order }
            }
            step => step,
        })
        .boxed()
}

fn users(shop: &Reference) -> Vec<usize> {
    (0..shop.users.len()).filter(|user| !shop.users[*user].gone).collect()
}

fn delta() -> impl Strategy<Value = i64> {
    prop_oneof![2 => 1..15_i64, 1 => -15..0_i64]
}

fn items() -> impl Strategy<Value = Vec<(usize, u32)>> {
    // What costs nothing is left alone more often.
    let product = prop_oneof![4 => 0..2_usize, 1 => 0..PRICES.len()];
    vec((product, 1..4_u32), 1..4)
}

fn place(shop: &Reference) -> BoxedStrategy<Step> {
    let quoted = shop.clone();
    let plain = (select(users(shop)), items(), option::weighted(0.3, 0..3_i64))
        .prop_map(move |(user, items, off)| {
            // Two of three customers know the price.
            let expected = off.map(|off| quoted.quote(&items) + off / 2);
            Step::Place { user, items, coupon: None, expected }
        })
        .boxed();
    if shop.coupons.is_empty() {
        return plain;
    }
    let owners: Vec<usize> = shop.coupons.iter().map(|coupon| coupon.user).collect();
    let discounted = (0..owners.len(), select(users(shop)), prop::bool::weighted(0.9), items())
        .prop_map(move |(coupon, other, own, items)| {
            let user = if own { owners[coupon] } else { other };
            Step::Place { user, items, coupon: Some(coupon), expected: None }
        })
        .boxed();
    prop_oneof![plain, discounted].boxed()
}

/// An order, each as often as this says.
fn order(shop: &Reference, often: impl Fn(&Order) -> u32) -> Union<Just<usize>> {
    let orders = shop.orders.iter().enumerate();
    Union::new_weighted(orders.map(|(number, order)| (often(order), Just(number))).collect())
}

fn pay(shop: &Reference) -> BoxedStrategy<Step> {
    let orders: Vec<(usize, i64)> = shop.orders.iter().map(|order| (order.user, order.total())).collect();
    let order = order(shop, |order| match order.status {
        OrderStatus::PendingPayment if shop.can_pay(order) => 16,
        OrderStatus::PendingPayment => 4,
        _ => 1,
    });
    (order, select(users(shop)), prop::bool::weighted(0.9), option::weighted(0.2, 0..2_i64))
        .prop_map(move |(order, other, own, off)| {
            let (owner, total) = orders[order];
            let points = off.map(|off| (total + off).max(1));
            Step::Pay { user: if own { owner } else { other }, order, points }
        })
        .boxed()
}

/// A while, or until something happens: the next step is then at that very instant, or one second before.
fn wait(shop: &Reference) -> BoxedStrategy<Step> {
    let waiting = shop.orders.iter().filter(|order| order.status == OrderStatus::PendingPayment);
    let orders = waiting.map(|order| order.expires);
    let lots = shop.users.iter().flat_map(|user| &user.lots).filter_map(|lot| lot.until);
    let coupons = shop.coupons.iter().filter_map(|coupon| coupon.until);
    let claims = CAMPAIGNS.iter().flat_map(|plan| [plan.claims.0, plan.claims.1]).flatten();
    let ends: Vec<i64> = orders
        .chain(lots)
        .chain(coupons)
        .chain(claims)
        .map(|end| end - shop.now)
        .filter(|end| *end > 2)
        .collect();
    let while_ = prop_oneof![9 => 30..1_200_i64, 1 => 7_200..MONTH].boxed();
    let seconds = if ends.is_empty() {
        while_
    } else {
        prop_oneof![while_, (select(ends), 1..3_i64).prop_map(|(end, before)| end - before)].boxed()
    };
    seconds.prop_map(|seconds| Step::Wait { seconds }).boxed()
}
