//! Points, their lots and their history.

use super::ledger::{Ledger, term};

pub(super) static LEDGERS: &[Ledger] = &[
    Ledger {
        rule: "points-conserved",
        terms: &[
            term("charged", "user_id", "amount", "point_history WHERE kind = 'CHARGED'"),
            term("granted", "user_id", "amount", "point_history WHERE kind = 'GRANTED'"),
            term("balances", "user_id", "balance", "point_accounts"),
            term("spent", "user_id", "-amount", "point_history WHERE kind = 'SPENT'"),
            term("givenBack", "user_id", "amount", "point_history WHERE kind = 'REFUNDED'"),
            term("expired", "user_id", "-amount", "point_history WHERE kind = 'EXPIRED'"),
        ],
    },
    Ledger {
        rule: "point-balance-is-its-lots",
        terms: &[
            term("remaining", "user_id", "remaining", "point_lots"),
            term("balances", "user_id", "balance", "point_accounts"),
        ],
    },
    Ledger {
        rule: "point-sequence-is-its-entries",
        terms: &[
            term("entries", "user_id", "1", "point_history"),
            term("counted", "user_id", "sequence", "point_accounts"),
        ],
    },
    Ledger {
        rule: "point-history-has-no-gaps",
        terms: &[
            term(
                "due",
                "h.id",
                "h.earlier + 1",
                "(SELECT id, COALESCE(LAG(sequence) OVER (PARTITION BY user_id ORDER BY sequence), 0) AS earlier \
                 FROM point_history) h",
            ),
            term("numbers", "id", "sequence", "point_history"),
        ],
    },
    Ledger {
        rule: "point-history-runs-on",
        terms: &[
            term(
                "before",
                "h.id",
                "h.earlier",
                "(SELECT id, COALESCE(LAG(balance) OVER (PARTITION BY user_id ORDER BY sequence), 0) AS earlier \
                 FROM point_history) h",
            ),
            term("amounts", "id", "amount", "point_history"),
            term("after", "id", "balance", "point_history"),
        ],
    },
    Ledger {
        rule: "point-entry-fits-its-kind",
        terms: &[
            term("entries", "id", "1", "point_history"),
            term(
                "fitting",
                "id",
                "1",
                "point_history \
                 WHERE (kind IN ('CHARGED', 'GRANTED') AND amount > 0 AND payment_id IS NULL) \
                 OR (kind = 'SPENT' AND amount <= 0 AND payment_id IS NOT NULL) \
                 OR (kind = 'REFUNDED' AND amount >= 0 AND payment_id IS NOT NULL) \
                 OR (kind = 'EXPIRED' AND amount < 0 AND payment_id IS NULL)",
            ),
        ],
    },
    Ledger {
        rule: "point-entry-is-its-movements",
        terms: &[
            term("moved", "history_id", "amount", "point_lot_movements"),
            term("amounts", "id", "amount", "point_history"),
        ],
    },
    Ledger {
        rule: "point-lot-is-its-movements",
        terms: &[
            term("moved", "lot_id", "amount", "point_lot_movements"),
            term("remaining", "id", "remaining", "point_lots"),
        ],
    },
    Ledger {
        rule: "point-lot-came-in-whole",
        terms: &[
            term(
                "broughtIn",
                "m.lot_id",
                "m.amount",
                "(SELECT l.lot_id, l.amount, \
                 ROW_NUMBER() OVER (PARTITION BY l.lot_id ORDER BY h.sequence, l.number) AS place \
                 FROM point_lot_movements l INNER JOIN point_history h ON h.id = l.history_id) m \
                 WHERE m.place = 1",
            ),
            term("amounts", "id", "amount", "point_lots"),
        ],
    },
];
