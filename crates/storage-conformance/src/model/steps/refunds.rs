//! Refunds and cancelled payments that are likely.

use jangteo_order::OrderStatus;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::{order, users};
use crate::model::reference::{Order, Reference};
use crate::model::step::{By, Step, Units};

fn is_open(order: &Order) -> bool {
    matches!(order.status, OrderStatus::Paid | OrderStatus::PartiallyRefunded)
}

/// Whether there is something that can be refunded.
pub(super) fn are_possible(shop: &Reference) -> bool {
    shop.orders.iter().any(is_open)
}

/// Who wants it.
#[derive(Debug, Clone, Copy)]
enum Who {
    Owner,
    Admin,
    Anybody(usize),
}

#[derive(Debug, Clone)]
enum What {
    Cancel,
    Everything,
    /// The first number stands for a line, the second for how many units; whether all of it makes sense, and whether
    /// the units stay out of the stock.
    Some(Vec<(usize, u32)>, bool, bool),
}

/// Most often some units of what is left of a payment, now and then all of it.
pub(super) fn step(shop: &Reference) -> BoxedStrategy<Step> {
    let order = order(shop, |order| match order.status {
        _ if is_open(order) && order.total() > 0 => 24,
        _ if is_open(order) => 6,
        _ => 1,
    });
    let who = prop_oneof![
        14 => Just(Who::Owner),
        4 => Just(Who::Admin),
        1 => select(users(shop)).prop_map(Who::Anybody),
    ];
    let units = || (0..12_usize, 0..12_u32);
    let units = prop_oneof![2 => vec(units(), 1), 1 => vec(units(), 2..4)];
    let some = (units, prop::bool::weighted(0.9), prop::bool::weighted(0.3));
    let what = prop_oneof![
        8 => some.prop_map(|(units, sensible, stay_out)| What::Some(units, sensible, stay_out)),
        1 => Just(What::Everything),
        1 => Just(What::Cancel),
    ];
    let orders = shop.orders.clone();
    (order, who, what)
        .prop_map(move |(order, who, what)| {
            let by = match who {
                Who::Owner => By::User(orders[order].user),
                Who::Admin => By::Admin,
                Who::Anybody(user) => By::User(user),
            };
            let units = match what {
                What::Cancel => return Step::CancelPayment { by, order },
                What::Everything => None,
                What::Some(units, true, stay_out) => {
                    Some(sensible(&orders[order], &units, by != By::Admin || !stay_out))
                }
                What::Some(units, false, stay_out) => Some(any(&orders[order], &units, !stay_out)),
            };
            Step::Refund { by, order, units }
        })
        .boxed()
}

/// Units of lines that have some left, though perhaps too many of one line together.
fn sensible(order: &Order, wanted: &[(usize, u32)], restock: bool) -> Vec<Units> {
    let lines = order.lines.iter().enumerate().map(|(line, of)| (line, of.left()));
    let open: Vec<(usize, u32)> = lines.filter(|(_, left)| *left > 0).collect();
    if open.is_empty() {
        return any(order, wanted, restock);
    }
    let units = |(nth, (line, quantity)): (usize, &(usize, u32))| {
        let (line, left) = open[line % open.len()];
        // The first goes where it is told, another one perhaps.
        Units { line, quantity: 1 + quantity % left, restock: restock || nth % 2 == 1 }
    };
    wanted.iter().enumerate().map(units).collect()
}

/// Units of any line, or of one more than there are.
fn any(order: &Order, wanted: &[(usize, u32)], restock: bool) -> Vec<Units> {
    let units = |&(line, quantity): &(usize, u32)| Units {
        line: line % (order.lines.len() + 1),
        quantity: 1 + quantity / 3,
        restock,
    };
    wanted.iter().map(units).collect()
}
