//! Coupons: what campaigns say of them, and what orders do.

use super::ledger::{Ledger, term};

const USED_BY_THEIR_ORDERS: &str = "issued_coupons i INNER JOIN orders o ON o.id = i.used_order_id \
    WHERE o.issued_coupon_id = i.id AND o.status NOT IN ('CANCELLED', 'EXPIRED', 'REFUNDED')";

pub(super) static LEDGERS: &[Ledger] = &[
    Ledger {
        rule: "coupons-issued-are-claimed",
        terms: &[
            term("issued", "campaign_id", "1", "issued_coupons"),
            term("claimed", "campaign_id", "claimed", "campaign_allotments"),
        ],
    },
    Ledger {
        rule: "coupon-sequences-have-no-gaps",
        terms: &[
            term("due", "campaign_id", "claimed * (claimed + 1) / 2", "campaign_allotments"),
            term("numbers", "campaign_id", "sequence", "issued_coupons"),
        ],
    },
    Ledger {
        rule: "campaign-keeps-its-quantity",
        terms: &[
            term("campaigns", "campaign_id", "1", "campaign_allotments"),
            term("within", "campaign_id", "1", "campaign_allotments WHERE claimed <= total"),
        ],
    },
    Ledger {
        rule: "order-uses-its-coupon",
        terms: &[
            term(
                "orders",
                "issued_coupon_id",
                "1",
                "orders WHERE issued_coupon_id IS NOT NULL AND status NOT IN ('CANCELLED', 'EXPIRED', 'REFUNDED')",
            ),
            term("used", "i.id", "1", USED_BY_THEIR_ORDERS),
        ],
    },
    Ledger {
        rule: "used-coupon-names-its-order",
        terms: &[
            term("coupons", "id", "1", "issued_coupons WHERE used_order_id IS NOT NULL"),
            term("named", "i.id", "1", USED_BY_THEIR_ORDERS),
        ],
    },
];
