//! Payments: their tenders, shares, events and summaries, against each other and against what they paid.
//!
//! A share of a line is refunded unit by unit, so what it has refunded after `n` units is `share × n / quantity`, rounded
//! down, however many refunds that took.

use super::ledger::{Ledger, term};

/// What the refunded units of the lines cost, by the shares of the payment that settled their order.
const UNITS_REFUNDED: &str = "h.amount * l.refunded / l.quantity";
const SHARES_WITH_LINES: &str = "payment_shares h \
     INNER JOIN payment_summaries s ON s.payment_id = h.payment_id \
     INNER JOIN order_lines l ON l.order_id = s.settles_order_id AND l.id = h.line_id";
const PAYMENTS_WITH_SUMMARIES: &str = "payments p INNER JOIN payment_summaries s ON s.payment_id = p.id";

/// Only what was taken counts: a payment that failed took nothing and has no shares.
const TAKEN_TENDERS: &str = "payment_tenders t WHERE EXISTS (SELECT 1 FROM payment_events e \
     WHERE e.payment_id = t.payment_id AND e.kind = 'APPROVED')";
const TAKEN_POINTS: &str = "payment_tenders t WHERE t.method = 'POINT' AND EXISTS (SELECT 1 FROM payment_events e \
     WHERE e.payment_id = t.payment_id AND e.kind = 'APPROVED')";

pub(super) static LEDGERS: &[Ledger] = &[
    Ledger {
        rule: "settlement-is-of-its-order",
        terms: &[
            term("settlements", "payment_id", "1", "payment_summaries WHERE settles_order_id IS NOT NULL"),
            term(
                "ofTheirOrder",
                "s.payment_id",
                "1",
                "payment_summaries s \
                 INNER JOIN payments p ON p.id = s.payment_id AND p.order_id = s.settles_order_id",
            ),
        ],
    },
    Ledger {
        rule: "captured-is-what-orders-say",
        terms: &[
            term(
                "totals",
                "id",
                "total_amount",
                "orders WHERE status IN ('PAID', 'PARTIALLY_REFUNDED', 'REFUNDED')",
            ),
            term("unitsRefunded", "l.order_id", UNITS_REFUNDED, SHARES_WITH_LINES),
            term("captured", "p.order_id", "s.captured", PAYMENTS_WITH_SUMMARIES),
            term("refunded", "p.order_id", "s.refunded", PAYMENTS_WITH_SUMMARIES),
        ],
    },
    Ledger {
        rule: "captured-is-approved",
        terms: &[
            term("approved", "payment_id", "amount", "payment_events WHERE kind = 'APPROVED'"),
            term("captured", "payment_id", "captured", "payment_summaries"),
        ],
    },
    Ledger {
        rule: "refunded-is-given-back",
        terms: &[
            term(
                "givenBack",
                "payment_id",
                "amount",
                "payment_events WHERE kind IN ('PARTIALLY_REFUNDED', 'REFUNDED', 'CANCELLED')",
            ),
            term("refunded", "payment_id", "refunded", "payment_summaries"),
        ],
    },
    Ledger {
        rule: "refunded-is-its-tenders",
        terms: &[
            term("tenders", "payment_id", "refunded", "payment_tenders"),
            term("refunded", "payment_id", "refunded", "payment_summaries"),
        ],
    },
    Ledger {
        rule: "payment-events-have-no-gaps",
        terms: &[
            term("events", "payment_id", "1", "payment_events"),
            term(
                "latest",
                "e.payment_id",
                "e.latest",
                "(SELECT payment_id, MAX(sequence) AS latest FROM payment_events GROUP BY payment_id) e",
            ),
        ],
    },
    Ledger {
        rule: "payment-is-its-tenders",
        terms: &[
            term("tenders", "payment_id", "amount", "payment_tenders"),
            term("amounts", "id", "amount", "payments"),
        ],
    },
    Ledger {
        rule: "tender-is-its-shares",
        terms: &[
            term("shares", "payment_id", "amount", "payment_shares").and("method"),
            term("amounts", "t.payment_id", "t.amount", TAKEN_TENDERS).and("t.method"),
        ],
    },
    Ledger {
        rule: "tender-refunded-is-its-lines",
        terms: &[
            term("unitsRefunded", "h.payment_id", UNITS_REFUNDED, SHARES_WITH_LINES).and("h.method"),
            term(
                "refunded",
                "t.payment_id",
                "t.refunded",
                "payment_tenders t INNER JOIN payment_summaries s \
                 ON s.payment_id = t.payment_id AND s.settles_order_id IS NOT NULL",
            )
            .and("t.method"),
        ],
    },
    Ledger {
        rule: "line-is-its-shares",
        terms: &[
            term(
                "shares",
                "h.line_id",
                "h.amount",
                "payment_shares h INNER JOIN payment_summaries s \
                 ON s.payment_id = h.payment_id AND s.settles_order_id IS NOT NULL",
            ),
            term(
                "net",
                "l.id",
                "l.gross_amount - l.discount_amount",
                "order_lines l INNER JOIN payment_summaries s ON s.settles_order_id = l.order_id",
            ),
        ],
    },
    Ledger {
        rule: "points-spent-are-tenders",
        terms: &[
            term("tendered", "t.payment_id", "t.amount", TAKEN_POINTS),
            term("refunded", "t.payment_id", "t.refunded", TAKEN_POINTS),
            term(
                "spent",
                "payment_id",
                "-amount",
                "point_history WHERE kind = 'SPENT' AND payment_id IS NOT NULL",
            ),
            term(
                "givenBack",
                "payment_id",
                "amount",
                "point_history WHERE kind = 'REFUNDED' AND payment_id IS NOT NULL",
            ),
        ],
    },
];
