//! The audit: what adds up is said to, and what does not is named.

use std::collections::BTreeMap;
use std::slice::from_ref;

use jangteo_application::{AUDIT_RULES, AuditCheck};
use jangteo_point::PointAccount;
use jangteo_product::Product;
use jangteo_shared_kernel::Currency;

use crate::Storage;
use crate::fixtures::{Fixtures, krw, units};
use crate::prelude::*;
use crate::support::commit;

/// What each term of a rule adds up to.
fn totals<'a>(checks: &'a [AuditCheck], rule: &str) -> &'a [i128] {
    &checks.iter().find(|check| check.rule.name == rule).unwrap().totals
}

pub(crate) async fn an_empty_storage_adds_up<S: Storage>(storage: S) {
    let now = Fixtures::seeded(111).now();
    let report = storage.audit(now).await.unwrap();
    assert_eq!(report.as_of, now);
    assert!(report.holds());
    assert!(report.checks.iter().map(|check| check.rule).eq(AUDIT_RULES), "every rule, in order");
    assert!(report.checks.iter().all(|check| check.totals.iter().all(|total| *total == 0)));
}

pub(crate) async fn what_came_in_and_is_there_adds_up<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(112);
    let mut mug = Product { stock: units(10), ..fixtures.product() };
    let initial = mug.initial_adjustment(fixtures.id());
    let lost = fixtures.adjustment(&mut mug, -3);
    let mut account = PointAccount::open(fixtures.id(), Currency::KRW);
    commit!(storage, tx =>
        tx.insert_products(from_ref(&mug));
        tx.insert_stock_adjustments(&[initial, lost]);
        tx.insert_point_accounts(from_ref(&account));
    );
    let entries = [fixtures.charge(&mut account, 5_000), fixtures.grant(&mut account, 70, 1)];
    let users = [account.user].into();
    commit!(storage, tx => tx.lock_point_accounts(&users); tx.save_points(from_ref(&account), &entries));

    let report = storage.audit(fixtures.now()).await.unwrap();
    assert!(report.holds(), "{report:?}");
    assert_eq!(totals(&report.checks, "stock-conserved"), [7, 7, 0]);
    assert_eq!(totals(&report.checks, "points-conserved"), [5_000, 70, 5_070, 0, 0, 0]);
    assert_eq!(totals(&report.checks, "point-history-runs-on"), [5_000, 5_070, 10_070]);
}

/// Stock that nobody received, and an unpaid order with a payment that settled it by points that nobody spent.
pub(crate) async fn what_does_not_add_up_is_named<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(113);
    let mug = Product { stock: units(10), ..fixtures.product() };
    let order = fixtures.order_of(fixtures.id(), &[(100, 2)]);
    let payment = fixtures.payment(&order, 150);
    commit!(storage, tx =>
        tx.insert_products(from_ref(&mug));
        tx.insert_orders(from_ref(&order));
        tx.insert_payments(from_ref(&payment));
    );
    let report = storage.audit(fixtures.now()).await.unwrap();
    assert!(!report.holds());
    let mut found = BTreeMap::new();
    for check in report.checks.iter().filter(|check| !check.holds()) {
        let rows = check.violations.iter().map(|row| (row.row.clone(), row.expected, row.found));
        assert_eq!(check.violated, u64::try_from(check.violations.len()).unwrap());
        found.insert(check.rule.name, rows.collect::<Vec<_>>());
    }
    let mut products = vec![(mug.id.to_string(), 0, 10), (order.lines[0].product.to_string(), 0, 2)];
    products.sort();
    let total = i128::from(krw(200).amount());
    let expected = BTreeMap::from([
        ("stock-conserved", products),
        ("paid-order-is-settled-once", vec![(order.id.to_string(), 0, 1)]),
        ("captured-is-what-orders-say", vec![(order.id.to_string(), 0, total)]),
        ("points-spent-are-tenders", vec![(payment.id.to_string(), 150, 0)]),
    ]);
    assert_eq!(found, expected);
}
