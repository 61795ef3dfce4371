//! Units of products.

use jangteo_order::OrderStatus;

use super::Book;
use crate::state::State;

pub(super) fn enter(book: &mut Book, state: &State) {
    let received = state.stock_adjustments.values().map(|adjustment| (adjustment.product, adjustment.delta));
    book.enter("stock-conserved", "received", received);
    let stock = state.products.values().map(|product| (product.id, product.stock.get()));
    book.enter("stock-conserved", "stock", stock);
    let standing = state
        .orders
        .values()
        .filter(|order| !matches!(order.status(), OrderStatus::Cancelled | OrderStatus::Expired));
    let ordered = standing
        .flat_map(|order| &order.lines)
        .map(|line| (line.product, i64::from(line.quantity) - i64::from(line.restocked)));
    book.enter("stock-conserved", "ordered", ordered);
}
