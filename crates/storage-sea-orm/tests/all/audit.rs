//! The audit finds every kind of corruption, names the row, and is silent about what is right.

use std::collections::BTreeMap;

use jangteo_application::{AUDIT_RULES, AuditCheck, AuditQueries, AuditReport};
use jangteo_refund::Refund;
use jangteo_test_services::Service;

use crate::story::{Story, blob};
use crate::support::{Shop, at, product};

async fn audit(shop: &Shop) -> AuditReport {
    shop.storage.audit(at(0)).await.unwrap()
}

/// The rules that are broken, each with the rows that break it.
fn broken(report: &AuditReport) -> BTreeMap<&'static str, Vec<&str>> {
    let broken = report.checks.iter().filter(|check| !check.holds());
    broken
        .map(|check| (check.rule.name, check.violations.iter().map(|row| row.row.as_str()).collect()))
        .collect()
}

fn figures(report: &AuditReport, rule: &str) -> Vec<(&'static str, i128)> {
    let check = report.checks.iter().find(|check| check.rule.name == rule).unwrap();
    check.figures().map(|(term, total)| (term.figure, total)).collect()
}

#[tokio::test]
async fn an_empty_shop_adds_up() {
    let report = audit(&Shop::open().await).await;
    assert_eq!(report.as_of, at(0));
    assert_eq!(report.checks.len(), AUDIT_RULES.len());
    assert!(report.holds(), "{report:?}");
    assert_eq!(figures(&report, "stock-conserved"), [("received", 0), ("stock", 0), ("ordered", 0)]);
}

#[tokio::test]
async fn a_shop_in_which_everything_has_happened_adds_up() {
    let story = Story::tell().await;
    let report = audit(&story.shop).await;
    assert_eq!(broken(&report), BTreeMap::new());
    assert_eq!(figures(&report, "stock-conserved"), [("received", 22), ("stock", 15), ("ordered", 7)]);

    story.refund_a_mug().await;
    let report = audit(&story.shop).await;
    assert_eq!(broken(&report), BTreeMap::new());
    assert_eq!(figures(&report, "stock-conserved"), [("received", 22), ("stock", 16), ("ordered", 6)]);
    assert_eq!(
        figures(&report, "points-conserved"),
        [
            ("charged", 50_000),
            ("granted", 5_700),
            ("balances", 31_667),
            ("spent", 33_333),
            ("givenBack", 10_000),
            ("expired", 700),
        ]
    );
    assert_eq!(
        figures(&report, "captured-is-what-orders-say"),
        [("totals", 33_333), ("unitsRefunded", 10_000), ("captured", 33_333), ("refunded", 10_000)]
    );
    for (n, check) in report.checks.iter().enumerate() {
        assert_eq!(check.rule, &AUDIT_RULES[n]);
        assert!(check.figures().any(|(_, total)| total != 0) || check.rule.name.contains("discount"));
    }
}

/// What is done to the tables, and exactly what the audit then says.
struct Corruption {
    sql: String,
    broken: Vec<(&'static str, Vec<String>)>,
}

#[expect(clippy::too_many_lines, reason = "a list of corruptions, one a line")]
fn corruptions(story: &Story, refund: &Refund) -> Vec<Corruption> {
    let [user, mug, charge, paid, payment, unpaid] = [
        story.user.to_string(),
        story.mug.id.to_string(),
        story.charge.id.to_string(),
        story.paid.id.to_string(),
        story.payment.id.to_string(),
        story.unpaid.id.to_string(),
    ];
    let (lot, line, tender) = (story.charge_lot(), story.mug_line(), format!("{payment}/POINT"));
    let unpaid_line = story.unpaid.lines[0].id.to_string();
    let nobody = "01900000-0000-7000-8000-00000000dead";
    let mut list = Vec::new();
    let mut seed = |sql: &str, broken: &[(&'static str, &str)]| {
        let names = [
            ("$user", &user),
            ("$mug", &mug),
            ("$charge", &charge),
            ("$paid", &paid),
            ("$payment", &payment),
            ("$unpaid", &unpaid),
            ("$lot", &lot),
            ("$line", &line),
        ];
        let sql = names.iter().fold(sql.to_owned(), |sql, (name, id)| sql.replace(name, &blob(id)));
        let broken = broken.iter().map(|(rule, row)| (*rule, vec![(*row).to_owned()])).collect();
        list.push(Corruption { sql, broken });
    };
    seed(
        "UPDATE product_stock SET quantity = quantity - 1 WHERE product_id = $mug",
        &[("stock-conserved", &mug)],
    );
    seed(
        "UPDATE order_lines SET restocked = 0 WHERE id = $line",
        &[("stock-conserved", &mug), ("line-restocked-is-its-refunds", &line)],
    );
    seed(
        "UPDATE point_accounts SET balance = balance + 1 WHERE user_id = $user",
        &[("points-conserved", &user), ("point-balance-is-its-lots", &user)],
    );
    seed(
        "UPDATE point_accounts SET sequence = sequence + 1 WHERE user_id = $user",
        &[("point-sequence-is-its-entries", &user)],
    );
    seed(
        "UPDATE point_lots SET remaining = remaining - 1 WHERE id = $lot",
        &[("point-balance-is-its-lots", &user), ("point-lot-is-its-movements", &lot)],
    );
    seed("UPDATE point_lots SET amount = amount + 1 WHERE id = $lot", &[("point-lot-came-in-whole", &lot)]);
    seed(
        "UPDATE point_history SET kind = 'SPENT' WHERE id = $charge",
        &[("point-entry-fits-its-kind", &charge)],
    );
    seed(
        "UPDATE point_lot_movements SET amount = amount + 1 WHERE history_id = $charge",
        &[
            ("point-entry-is-its-movements", &charge),
            ("point-lot-is-its-movements", &lot),
            ("point-lot-came-in-whole", &lot),
        ],
    );
    seed(
        "UPDATE order_lines SET unit_price_amount = unit_price_amount + 1 WHERE id = $line",
        &[("order-line-is-price-times-quantity", &line)],
    );
    seed(
        "UPDATE orders SET gross_amount = gross_amount + 1 WHERE id = $unpaid",
        &[("order-gross-is-its-lines", &unpaid), ("order-total-is-gross-less-discount", &unpaid)],
    );
    seed(
        "UPDATE orders SET discount_amount = 1 WHERE id = $unpaid",
        &[("order-discount-is-its-lines", &unpaid), ("order-total-is-gross-less-discount", &unpaid)],
    );
    seed(
        "UPDATE orders SET total_amount = total_amount - 1 WHERE id = $unpaid",
        &[("order-total-is-gross-less-discount", &unpaid)],
    );
    seed(
        "UPDATE orders SET total_amount = total_amount - 1 WHERE id = $paid",
        &[("order-total-is-gross-less-discount", &paid), ("captured-is-what-orders-say", &paid)],
    );
    seed(
        "DELETE FROM order_lines WHERE order_id = $unpaid",
        &[
            ("stock-conserved", &story.unpaid.lines[0].product.to_string()),
            ("order-gross-is-its-lines", &unpaid),
            ("order-status-is-its-units", &unpaid),
        ],
    );
    seed("UPDATE orders SET status = 'PAID' WHERE id = $paid", &[("order-status-is-its-units", &paid)]);
    seed(
        "UPDATE orders SET status = 'PAID' WHERE id = $unpaid",
        &[("paid-order-is-settled-once", &unpaid), ("captured-is-what-orders-say", &unpaid)],
    );
    seed(
        "UPDATE orders SET status = 'EXPIRED' WHERE id = $unpaid",
        &[("stock-conserved", &story.unpaid.lines[0].product.to_string())],
    );
    seed(
        "UPDATE payment_summaries SET settles_order_id = NULL WHERE payment_id = $payment",
        &[("paid-order-is-settled-once", &paid), ("captured-is-what-orders-say", &paid)],
    );
    seed(
        "UPDATE payment_summaries SET captured = captured + 1 WHERE payment_id = $payment",
        &[("captured-is-approved", &payment), ("captured-is-what-orders-say", &paid)],
    );
    seed(
        "UPDATE payment_summaries SET refunded = refunded - 1 WHERE payment_id = $payment",
        &[
            ("captured-is-what-orders-say", &paid),
            ("refunded-is-given-back", &payment),
            ("refunded-is-its-tenders", &payment),
            ("payment-refunded-is-its-refunds", &payment),
        ],
    );
    seed(
        "UPDATE payment_events SET amount = amount + 1 WHERE payment_id = $payment AND kind = 'APPROVED'",
        &[("captured-is-approved", &payment)],
    );
    seed(
        "UPDATE payment_events SET amount = amount + 1 WHERE payment_id = $payment AND kind = 'PARTIALLY_REFUNDED'",
        &[("refunded-is-given-back", &payment)],
    );
    seed(
        "UPDATE payment_events SET sequence = 4 WHERE payment_id = $payment AND sequence = 3",
        &[("payment-events-have-no-gaps", &payment)],
    );
    seed(
        "UPDATE payments SET amount = amount + 1 WHERE id = $payment",
        &[("payment-is-its-tenders", &payment)],
    );
    seed(
        "UPDATE payment_tenders SET amount = amount + 1 WHERE payment_id = $payment",
        &[
            ("payment-is-its-tenders", &payment),
            ("tender-is-its-shares", &tender),
            ("points-spent-are-tenders", &payment),
        ],
    );
    seed(
        "UPDATE payment_tenders SET refunded = refunded + 1 WHERE payment_id = $payment",
        &[
            ("refunded-is-its-tenders", &payment),
            ("tender-refunded-is-its-lines", &tender),
            ("tender-refunded-is-its-refunds", &tender),
            ("points-spent-are-tenders", &payment),
        ],
    );
    seed(
        "UPDATE order_lines SET refunded = 2 WHERE id = $line",
        &[
            ("captured-is-what-orders-say", &paid),
            ("tender-refunded-is-its-lines", &tender),
            ("line-refunded-is-its-refunds", &line),
        ],
    );
    seed(
        "UPDATE payment_shares SET amount = amount + 1 WHERE line_id = $line",
        &[("tender-is-its-shares", &tender), ("line-is-its-shares", &line)],
    );
    let [campaign, coupon, discounted] =
        [story.coupon.campaign.to_string(), story.coupon.id.to_string(), story.discounted.id.to_string()];
    let mut spoil = |sql: &str, id: &str, broken: &[(&'static str, &str)]| {
        let broken = broken.iter().map(|(rule, row)| (*rule, vec![(*row).to_owned()])).collect();
        list.push(Corruption { sql: sql.replace('$', &blob(id)), broken });
    };
    spoil(
        "UPDATE campaign_allotments SET claimed = claimed + 1 WHERE campaign_id = $",
        &campaign,
        &[("coupons-issued-are-claimed", &campaign), ("coupon-sequences-have-no-gaps", &campaign)],
    );
    spoil(
        "UPDATE campaign_allotments SET total = 0 WHERE campaign_id = $",
        &campaign,
        &[("campaign-keeps-its-quantity", &campaign)],
    );
    spoil(
        "UPDATE issued_coupons SET sequence = 2 WHERE id = $",
        &coupon,
        &[("coupon-sequences-have-no-gaps", &campaign)],
    );
    spoil(
        "UPDATE issued_coupons SET used_order_id = NULL, used_at = NULL WHERE id = $",
        &coupon,
        &[("order-uses-its-coupon", &coupon)],
    );
    spoil(
        "UPDATE orders SET issued_coupon_id = NULL WHERE id = $",
        &discounted,
        &[("used-coupon-names-its-order", &coupon)],
    );
    let refund = refund.id.to_string();
    for (sql, broken) in [
        (
            "UPDATE refunds SET amount = amount + 1 WHERE id = $",
            &[("refund-is-its-items", &refund), ("payment-refunded-is-its-refunds", &payment)],
        ),
        (
            "UPDATE refund_items SET amount = amount + 1 WHERE refund_id = $",
            &[("refund-is-its-items", &refund), ("refund-items-are-their-shares", &refund)],
        ),
        (
            "UPDATE refund_shares SET amount = amount + 1 WHERE refund_id = $",
            &[("refund-items-are-their-shares", &refund), ("tender-refunded-is-its-refunds", &tender)],
        ),
        (
            "UPDATE refund_items SET quantity = 2 WHERE refund_id = $",
            &[("line-refunded-is-its-refunds", &line), ("line-restocked-is-its-refunds", &line)],
        ),
    ] {
        spoil(sql, &refund, &broken.map(|(rule, row)| (rule, row.as_str())));
    }
    spoil(
        "UPDATE refund_items SET restock = 0 WHERE refund_id = $",
        &refund,
        &[("line-restocked-is-its-refunds", &line)],
    );
    // No foreign key says that there is such a product.
    list.push(Corruption {
        sql: format!(
            "UPDATE order_lines SET product_id = {} WHERE id = {}",
            blob(nobody),
            blob(&unpaid_line)
        ),
        broken: vec![("stock-conserved", vec![nobody.to_owned(), story.unpaid.lines[0].product.to_string()])],
    });
    list.push(Corruption {
        sql: format!("DELETE FROM stock_adjustments WHERE id = {}", blob(&story.delivery.id.to_string())),
        broken: vec![("stock-conserved", vec![mug.clone()])],
    });
    list.push(Corruption {
        sql: format!(
            "UPDATE point_history SET payment_id = {} WHERE payment_id = {} AND kind = 'REFUNDED'",
            blob(nobody),
            blob(&payment)
        ),
        broken: vec![("points-spent-are-tenders", vec![nobody.to_owned(), payment.clone()])],
    });
    let lines = story.paid.lines.iter().map(|line| line.id.to_string()).chain([unpaid_line]).collect();
    list.push(Corruption {
        sql: format!(
            "UPDATE payment_summaries SET settles_order_id = {} WHERE payment_id = {}",
            blob(&unpaid),
            blob(&payment)
        ),
        broken: vec![
            ("paid-order-is-settled-once", vec![paid.clone(), unpaid.clone()]),
            ("settlement-is-of-its-order", vec![payment.clone()]),
            // Nobody has paid those lines, and whose units came back is no longer known.
            ("captured-is-what-orders-say", vec![paid.clone()]),
            ("tender-refunded-is-its-lines", vec![tender.clone()]),
            ("line-is-its-shares", lines),
        ],
    });
    list
}

fn sorted<'a>(expected: &'a [(&'static str, Vec<String>)]) -> BTreeMap<&'static str, Vec<&'a str>> {
    let expected = expected.iter().map(|(rule, rows)| {
        let mut rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        rows.sort_unstable();
        (*rule, rows)
    });
    expected.collect()
}

/// The same on servers, whose databases are told anew each time.
#[tokio::test]
async fn every_kind_of_corruption_is_found_on_servers_too() {
    for service in Service::ALL {
        let shop = Shop::open_on(service, |_| ()).await;
        let story = Story::tell_in(shop.clone()).await;
        let refund = story.refund_a_mug().await;
        assert_eq!(broken(&audit(&shop).await), BTreeMap::new(), "{service}");
        for Corruption { sql, broken: expected } in corruptions(&story, &refund) {
            shop.empty().await;
            Story::tell_in(shop.clone()).await.refund_a_mug().await;
            shop.tamper(&sql).await;
            assert_eq!(broken(&audit(&shop).await), sorted(&expected), "{service}, after: {sql}");
        }
    }
}

#[tokio::test]
async fn every_kind_of_corruption_is_found_and_named_and_nothing_else_is() {
    let story = Story::tell().await;
    let refund = story.refund_a_mug().await;
    let mut found = Vec::new();
    let whole = story.shop.snapshot().await;
    for Corruption { sql, broken: expected } in corruptions(&story, &refund) {
        let shop = whole.copy().await;
        shop.tamper(&sql).await;
        let report = audit(&shop).await;
        assert_eq!(broken(&report), sorted(&expected), "after: {sql}");
        for check in report.checks.iter().filter(|check| !check.holds()) {
            assert!(check.violations.iter().all(|row| row.expected != row.found), "{check:?}");
            found.push(check.rule.name);
        }
    }
    // Those whose rows stand in a history are below.
    let histories = ["point-history-has-no-gaps", "point-history-runs-on"];
    for rule in AUDIT_RULES.iter().filter(|rule| !histories.contains(&rule.name)) {
        assert!(found.contains(&rule.name), "nothing here breaks {}", rule.name);
    }
}

/// Where a history is broken it is told once, not for every later entry.
#[tokio::test]
async fn a_broken_history_is_named_where_it_breaks() {
    let story = Story::tell().await;
    let (user, charge) = (blob(&story.user.to_string()), blob(&story.charge.id.to_string()));
    let whole = story.shop.snapshot().await;
    let entry = |n: i64| {
        let shop = &story.shop;
        let user = user.clone();
        async move {
            let sql =
                format!("SELECT lower(hex(id)) FROM point_history WHERE user_id = {user} AND sequence = {n}");
            let simple = shop.value(&sql).await.unwrap();
            uuid::Uuid::parse_str(&simple).unwrap().to_string()
        }
    };
    let (charged, expired, spent) = (story.charge.id.to_string(), entry(3).await, entry(5).await);

    let shop = whole.copy().await;
    shop.tamper(&format!("UPDATE point_history SET balance = balance + 1 WHERE id = {charge}")).await;
    let (report, mut rows) = (audit(&shop).await, [charged.as_str(), expired.as_str()]);
    rows.sort_unstable();
    assert_eq!(broken(&report), BTreeMap::from([("point-history-runs-on", rows.to_vec())]));

    let shop = whole.copy().await;
    shop.tamper(&format!("UPDATE point_history SET sequence = 9 WHERE user_id = {user} AND sequence = 5"))
        .await;
    let report = audit(&shop).await;
    assert_eq!(broken(&report), BTreeMap::from([("point-history-has-no-gaps", vec![spent.as_str()])]));
    let check = report.checks.iter().find(|check| !check.holds()).unwrap();
    assert_eq!((check.violations[0].expected, check.violations[0].found), (5, 9));
}

#[tokio::test]
async fn names_a_hundred_rows_and_counts_the_others() {
    let shop = Shop::open().await;
    // Stock that nobody has received.
    shop.add_products(&(1..=150).map(|n| product(n, 7)).collect::<Vec<_>>()).await;
    let report = audit(&shop).await;
    let check = &report.checks[0];
    assert_eq!((check.violated, check.violations.len()), (150, AuditCheck::LISTED));
    assert!(check.violations.is_sorted_by_key(|row| &row.row));
    assert_eq!((check.violations[0].expected, check.violations[0].found), (0, 7));
    assert_eq!(figures(&report, "stock-conserved"), [("received", 0), ("stock", 1_050), ("ordered", 0)]);
}

/// Hard case 20, as far as the audit meets it: amounts at the edges of 64 bits, and sums beyond.
#[tokio::test]
async fn hard_case_20_sums_beyond_64_bits_are_exact() {
    sums_beyond_64_bits_are_exact(Shop::open().await).await;
    for service in Service::ALL {
        sums_beyond_64_bits_are_exact(Shop::open_on(service, |_| ()).await).await;
    }
}

async fn sums_beyond_64_bits_are_exact(shop: Shop) {
    shop.add_products(&[product(1, 0), product(2, 0), product(3, 0)]).await;
    for (n, amount) in [(1, i64::MAX), (2, i64::MAX), (3, i64::MIN)] {
        let id = blob(&format!("01900000-0000-7000-8000-{n:012x}"));
        shop.tamper(&format!("UPDATE product_stock SET quantity = {amount} WHERE product_id = {id}")).await;
        for twin in [10, 20] {
            let twin = blob(&format!("01900000-0000-7000-8000-{:012x}", n + twin));
            let half = amount / 2;
            shop.tamper(&format!(
                "INSERT INTO stock_adjustments VALUES ({twin}, {id}, {half}, 'x', 0, '2026-11-22 00:00:00')"
            ))
            .await;
        }
    }
    let report = audit(&shop).await;
    let edge = i128::from(i64::MAX);
    assert_eq!(
        figures(&report, "stock-conserved"),
        [("received", edge - 3), ("stock", edge - 1), ("ordered", 0)]
    );
    // Half of an odd number, twice, is one less; the even one is whole.
    let check = &report.checks[0];
    assert_eq!(check.violated, 2);
    assert!(check.violations.iter().all(|row| (row.expected, row.found) == (edge - 1, edge)), "{check:?}");
}

#[tokio::test]
async fn writes_nothing_and_asks_twice_a_rule() {
    let story = Story::tell().await;
    story.shop.take_statements();
    audit(&story.shop).await;
    let statements = story.shop.take_statements();
    assert_eq!(statements.len(), 2 * AUDIT_RULES.len());
    assert!(statements.iter().all(|text| text.starts_with("WITH ")));
}
