//! Orders: their amounts, and what they say about their units.

use jangteo_order::{Order, OrderStatus};

use super::Book;
use crate::state::State;

pub(super) fn enter(book: &mut Book, state: &State) {
    let orders = || state.orders.values();
    let lines = || orders().flat_map(|order| order.lines.iter().map(move |line| (order, line)));

    let priced = lines()
        .map(|(_, line)| (line.id, i128::from(line.unit_price.amount()) * i128::from(line.quantity.get())));
    book.enter("order-line-is-price-times-quantity", "priced", priced);
    let gross = lines().map(|(_, line)| (line.id, line.gross.amount()));
    book.enter("order-line-is-price-times-quantity", "gross", gross);

    let gross = lines().map(|(order, line)| (order.id, line.gross.amount()));
    book.enter("order-gross-is-its-lines", "lines", gross);
    let gross = || orders().map(|order| (order.id, order.gross.amount()));
    book.enter("order-gross-is-its-lines", "gross", gross());

    let discounts = lines().map(|(order, line)| (order.id, line.discount.amount()));
    book.enter("order-discount-is-its-lines", "lines", discounts);
    let discount = || orders().map(|order| (order.id, order.discount.amount()));
    book.enter("order-discount-is-its-lines", "discount", discount());

    book.enter("order-total-is-gross-less-discount", "gross", gross());
    book.enter("order-total-is-gross-less-discount", "discount", discount());
    let total = orders().map(|order| (order.id, order.total().amount()));
    book.enter("order-total-is-gross-less-discount", "total", total);

    book.enter("order-status-is-its-units", "orders", orders().map(|order| (order.id, 1)));
    let fitting = orders().filter(|order| status_is_its_units(order)).map(|order| (order.id, 1));
    book.enter("order-status-is-its-units", "fitting", fitting);

    let paid = orders().filter(|order| order.state.paid_at().is_some()).map(|order| (order.id, 1));
    book.enter("paid-order-is-settled-once", "paid", paid);
    let settling = state.payments.values().filter(|payment| payment.settles);
    book.enter("paid-order-is-settled-once", "settled", settling.map(|payment| (payment.order, 1)));
}

fn status_is_its_units(order: &Order) -> bool {
    let given_back = order.lines.iter().any(|line| line.refunded.get() > 0);
    let left_over = order.lines.iter().any(|line| line.refunded < line.quantity);
    !order.lines.is_empty()
        && match order.status() {
            OrderStatus::Refunded => !left_over,
            OrderStatus::PartiallyRefunded => given_back && left_over,
            OrderStatus::PendingPayment
            | OrderStatus::Paid
            | OrderStatus::Cancelled
            | OrderStatus::Expired => !given_back,
        }
}
