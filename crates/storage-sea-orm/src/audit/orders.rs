//! Orders: their amounts, and what they say about their units.

use super::ledger::{Ledger, term};

pub(super) static LEDGERS: &[Ledger] = &[
    Ledger {
        rule: "order-line-is-price-times-quantity",
        terms: &[
            term("priced", "id", "unit_price_amount * quantity", "order_lines"),
            term("gross", "id", "gross_amount", "order_lines"),
        ],
    },
    Ledger {
        rule: "order-gross-is-its-lines",
        terms: &[
            term("lines", "order_id", "gross_amount", "order_lines"),
            term("gross", "id", "gross_amount", "orders"),
        ],
    },
    Ledger {
        rule: "order-discount-is-its-lines",
        terms: &[
            term("lines", "order_id", "discount_amount", "order_lines"),
            term("discount", "id", "discount_amount", "orders"),
        ],
    },
    Ledger {
        rule: "order-total-is-gross-less-discount",
        terms: &[
            term("gross", "id", "gross_amount", "orders"),
            term("discount", "id", "discount_amount", "orders"),
            term("total", "id", "total_amount", "orders"),
        ],
    },
    Ledger {
        rule: "order-status-is-its-units",
        terms: &[
            term("orders", "id", "1", "orders"),
            term(
                "fitting",
                "o.id",
                "1",
                "orders o INNER JOIN (SELECT order_id, \
                 MAX(CASE WHEN refunded > 0 THEN 1 ELSE 0 END) AS given_back, \
                 MAX(CASE WHEN refunded < quantity THEN 1 ELSE 0 END) AS left_over \
                 FROM order_lines GROUP BY order_id) u ON u.order_id = o.id \
                 WHERE (o.status = 'REFUNDED' AND u.left_over = 0) \
                 OR (o.status = 'PARTIALLY_REFUNDED' AND u.given_back = 1 AND u.left_over = 1) \
                 OR (o.status NOT IN ('REFUNDED', 'PARTIALLY_REFUNDED') AND u.given_back = 0)",
            ),
        ],
    },
    Ledger {
        rule: "paid-order-is-settled-once",
        terms: &[
            term("paid", "id", "1", "orders WHERE status IN ('PAID', 'PARTIALLY_REFUNDED', 'REFUNDED')"),
            term("settled", "settles_order_id", "1", "payment_summaries WHERE settles_order_id IS NOT NULL"),
        ],
    },
];
