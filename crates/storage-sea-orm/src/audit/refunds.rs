//! Refunds: their items and shares, against each other and against what payments and orders say was refunded.

use super::ledger::{Ledger, term};

pub(super) static LEDGERS: &[Ledger] = &[
    Ledger {
        rule: "refund-is-its-items",
        terms: &[
            term("items", "refund_id", "amount", "refund_items"),
            term("amounts", "id", "amount", "refunds"),
        ],
    },
    Ledger {
        rule: "refund-items-are-their-shares",
        terms: &[
            term("shares", "refund_id", "amount", "refund_shares"),
            term("items", "refund_id", "amount", "refund_items"),
        ],
    },
    Ledger {
        rule: "payment-refunded-is-its-refunds",
        terms: &[
            term("refunds", "payment_id", "amount", "refunds"),
            term("refunded", "payment_id", "refunded", "payment_summaries"),
        ],
    },
    Ledger {
        rule: "tender-refunded-is-its-refunds",
        terms: &[
            term(
                "shares",
                "r.payment_id",
                "s.amount",
                "refund_shares s INNER JOIN refunds r ON r.id = s.refund_id",
            )
            .and("s.method"),
            term("refunded", "payment_id", "refunded", "payment_tenders").and("method"),
        ],
    },
    Ledger {
        rule: "line-refunded-is-its-refunds",
        terms: &[
            term("refunds", "line_id", "quantity", "refund_items"),
            term("refunded", "id", "refunded", "order_lines"),
        ],
    },
    Ledger {
        rule: "line-restocked-is-its-refunds",
        terms: &[
            term("refunds", "line_id", "quantity", "refund_items WHERE restock = 1"),
            term("restocked", "id", "restocked", "order_lines"),
        ],
    },
];
