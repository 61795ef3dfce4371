//! What must be conserved.

use super::AuditRule;
use super::rule::{expects, finds, less};

/// Every rule, by context.
///
/// Amounts are minor units of the business currency. A *paid order* is one that was paid at some time, whatever was
/// refunded since.
pub static AUDIT_RULES: &[AuditRule] = &[
    AuditRule {
        name: "stock-conserved",
        says: "every unit that was received is in stock or in an order that was neither cancelled nor expired",
        table: "product_stock",
        terms: &[expects("received"), finds("stock"), finds("ordered")],
    },
    AuditRule {
        name: "coupons-issued-are-claimed",
        says: "a campaign has issued as many coupons as were claimed",
        table: "campaign_allotments",
        terms: &[expects("issued"), finds("claimed")],
    },
    AuditRule {
        name: "coupon-sequences-have-no-gaps",
        says: "the coupons of a campaign are numbered from 1 to how many there are",
        table: "campaign_allotments",
        terms: &[expects("due"), finds("numbers")],
    },
    AuditRule {
        name: "campaign-keeps-its-quantity",
        says: "a campaign gives no more coupons than it has",
        table: "campaign_allotments",
        terms: &[expects("campaigns"), finds("within")],
    },
    AuditRule {
        name: "order-uses-its-coupon",
        says: "the coupon of an order is used for it, unless the order was cancelled, expired or refunded in full",
        table: "issued_coupons",
        terms: &[expects("orders"), finds("used")],
    },
    AuditRule {
        name: "used-coupon-names-its-order",
        says: "a coupon that is used is used for an order that names it and stands",
        table: "issued_coupons",
        terms: &[expects("coupons"), finds("named")],
    },
    AuditRule {
        name: "points-conserved",
        says: "every point that came in is on its account, was spent and not given back, or expired",
        table: "point_accounts",
        terms: &[
            expects("charged"),
            expects("granted"),
            finds("balances"),
            finds("spent"),
            less(finds("givenBack")),
            finds("expired"),
        ],
    },
    AuditRule {
        name: "point-balance-is-its-lots",
        says: "a balance is what remains in the lots of its account",
        table: "point_accounts",
        terms: &[expects("remaining"), finds("balances")],
    },
    AuditRule {
        name: "point-sequence-is-its-entries",
        says: "an account counts the entries of its history",
        table: "point_accounts",
        terms: &[expects("entries"), finds("counted")],
    },
    AuditRule {
        name: "point-history-has-no-gaps",
        says: "an entry has the number after that of the entry before it",
        table: "point_history",
        terms: &[expects("due"), finds("numbers")],
    },
    AuditRule {
        name: "point-history-runs-on",
        says: "the balance after an entry is the balance before it and its amount",
        table: "point_history",
        terms: &[expects("before"), expects("amounts"), finds("after")],
    },
    AuditRule {
        name: "point-entry-fits-its-kind",
        says: "points come in by charges, grants and refunds and go by payments and expiry; payments and refunds name theirs",
        table: "point_history",
        terms: &[expects("entries"), finds("fitting")],
    },
    AuditRule {
        name: "point-entry-is-its-movements",
        says: "the amount of an entry is what it moved in the lots",
        table: "point_history",
        terms: &[expects("moved"), finds("amounts")],
    },
    AuditRule {
        name: "point-lot-is-its-movements",
        says: "what remains in a lot is what was moved into it and not out of it",
        table: "point_lots",
        terms: &[expects("moved"), finds("remaining")],
    },
    AuditRule {
        name: "point-lot-came-in-whole",
        says: "what a lot started with is what its first movement brought in",
        table: "point_lots",
        terms: &[expects("broughtIn"), finds("amounts")],
    },
    AuditRule {
        name: "order-line-is-price-times-quantity",
        says: "the gross of a line is its price times its quantity",
        table: "order_lines",
        terms: &[expects("priced"), finds("gross")],
    },
    AuditRule {
        name: "order-gross-is-its-lines",
        says: "the gross of an order is that of its lines",
        table: "orders",
        terms: &[expects("lines"), finds("gross")],
    },
    AuditRule {
        name: "order-discount-is-its-lines",
        says: "the discount of an order is shared out over its lines",
        table: "orders",
        terms: &[expects("lines"), finds("discount")],
    },
    AuditRule {
        name: "order-total-is-gross-less-discount",
        says: "the total of an order is its gross less its discount",
        table: "orders",
        terms: &[expects("gross"), less(expects("discount")), finds("total")],
    },
    AuditRule {
        name: "order-status-is-its-units",
        says: "an order is refunded if all of its units are, refunded in part if some are, and else neither",
        table: "orders",
        terms: &[expects("orders"), finds("fitting")],
    },
    AuditRule {
        name: "paid-order-is-settled-once",
        says: "a paid order has exactly one payment that settles it, any other order has none",
        table: "orders",
        terms: &[expects("paid"), finds("settled")],
    },
    AuditRule {
        name: "settlement-is-of-its-order",
        says: "a payment settles the order that it was made for",
        table: "payment_summaries",
        terms: &[expects("settlements"), finds("ofTheirOrder")],
    },
    AuditRule {
        name: "captured-is-what-orders-say",
        says: "what was captured and not refunded is the total of the paid orders less that of their refunded units",
        table: "orders",
        terms: &[
            expects("totals"),
            less(expects("unitsRefunded")),
            finds("captured"),
            less(finds("refunded")),
        ],
    },
    AuditRule {
        name: "captured-is-approved",
        says: "what a payment captured is what its events approved",
        table: "payment_summaries",
        terms: &[expects("approved"), finds("captured")],
    },
    AuditRule {
        name: "refunded-is-given-back",
        says: "what a payment refunded is what its events gave back",
        table: "payment_summaries",
        terms: &[expects("givenBack"), finds("refunded")],
    },
    AuditRule {
        name: "refunded-is-its-tenders",
        says: "what a payment refunded is what its tenders did",
        table: "payment_summaries",
        terms: &[expects("tenders"), finds("refunded")],
    },
    AuditRule {
        name: "payment-events-have-no-gaps",
        says: "the events of a payment are numbered from 1 without gaps",
        table: "payments",
        terms: &[expects("events"), finds("latest")],
    },
    AuditRule {
        name: "payment-is-its-tenders",
        says: "the amount of a payment is that of its tenders",
        table: "payments",
        terms: &[expects("tenders"), finds("amounts")],
    },
    AuditRule {
        name: "tender-is-its-shares",
        says: "a tender that was taken is shared out over the lines",
        table: "payment_tenders",
        terms: &[expects("shares"), finds("amounts")],
    },
    AuditRule {
        name: "tender-refunded-is-its-lines",
        says: "what a tender refunded is its share of the refunded units of each line, rounded down",
        table: "payment_tenders",
        terms: &[expects("unitsRefunded"), finds("refunded")],
    },
    AuditRule {
        name: "line-is-its-shares",
        says: "the net of a paid line is what the tenders paid for it",
        table: "order_lines",
        terms: &[expects("shares"), finds("net")],
    },
    AuditRule {
        name: "points-spent-are-tenders",
        says: "the points that a payment took and did not give back are its tender of points less what that refunded",
        table: "payments",
        terms: &[expects("tendered"), less(expects("refunded")), finds("spent"), less(finds("givenBack"))],
    },
    AuditRule {
        name: "refund-is-its-items",
        says: "the amount of a refund is that of its items",
        table: "refunds",
        terms: &[expects("items"), finds("amounts")],
    },
    AuditRule {
        name: "refund-items-are-their-shares",
        says: "the items of a refund are shared out over the ways on which they went back",
        table: "refunds",
        terms: &[expects("shares"), finds("items")],
    },
    AuditRule {
        name: "payment-refunded-is-its-refunds",
        says: "what a payment refunded is the amount of its refunds",
        table: "payment_summaries",
        terms: &[expects("refunds"), finds("refunded")],
    },
    AuditRule {
        name: "tender-refunded-is-its-refunds",
        says: "what a tender refunded is what the refunds gave back on that way",
        table: "payment_tenders",
        terms: &[expects("shares"), finds("refunded")],
    },
    AuditRule {
        name: "line-refunded-is-its-refunds",
        says: "the refunded units of a line are those of its refunds",
        table: "order_lines",
        terms: &[expects("refunds"), finds("refunded")],
    },
    AuditRule {
        name: "line-restocked-is-its-refunds",
        says: "the restocked units of a line are those that its refunds put back",
        table: "order_lines",
        terms: &[expects("refunds"), finds("restocked")],
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::AuditSide;

    #[test]
    fn names_are_stable_words_and_each_is_there_once() {
        let names: BTreeSet<_> = AUDIT_RULES.iter().map(|rule| rule.name).collect();
        assert_eq!(names.len(), AUDIT_RULES.len());
        let kebab = |name: &str| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        assert!(names.into_iter().all(kebab));
    }

    #[test]
    fn every_rule_has_two_sides_and_the_expected_one_comes_first() {
        for rule in AUDIT_RULES {
            let sides: Vec<_> = rule.terms.iter().map(|term| term.side == AuditSide::Found).collect();
            assert!(sides.is_sorted() && sides.contains(&false) && sides.contains(&true), "{}", rule.name);
            let figures: BTreeSet<_> = rule.terms.iter().map(|term| term.figure).collect();
            assert_eq!(figures.len(), rule.terms.len(), "{}", rule.name);
        }
    }

    #[test]
    fn a_term_counts_on_its_own_side() {
        let subtracted = less(finds("givenBack"));
        assert_eq!((subtracted.sign_on(AuditSide::Expected), subtracted.sign_on(AuditSide::Found)), (0, -1));
        assert_eq!(expects("received").sign_on(AuditSide::Expected), 1);
    }
}
