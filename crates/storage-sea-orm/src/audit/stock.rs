//! Units of products.

use super::ledger::{Ledger, term};

pub(super) static LEDGERS: &[Ledger] = &[Ledger {
    rule: "stock-conserved",
    terms: &[
        term("received", "product_id", "delta", "stock_adjustments"),
        term("stock", "product_id", "quantity", "product_stock"),
        term(
            "ordered",
            "l.product_id",
            "l.quantity - l.restocked",
            "order_lines l INNER JOIN orders o ON o.id = l.order_id \
             WHERE o.status NOT IN ('CANCELLED', 'EXPIRED')",
        ),
    ],
}];
