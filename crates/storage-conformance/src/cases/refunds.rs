//! Refunds.

use std::cmp::Reverse;
use std::slice::from_ref;

use jangteo_order::Order;
use jangteo_payment::Payment;
use jangteo_refund::{Refund, RefundPosition, RequestedItem, RequestedRefund};
use jangteo_shared_kernel::{PageRequest, PaymentId};

use crate::fixtures::{instant, units};
use crate::prelude::*;
use crate::support::{assert_lost_race, begin, commit, every_page, finish};
use crate::{Fixtures, Storage};

async fn add<S: Storage>(storage: &S, new: &[Refund]) {
    commit!(*storage, tx => tx.insert_refunds(new));
}

async fn list<S: Storage>(storage: &S, payment: PaymentId, limit: u16) -> Vec<Refund> {
    every_page(limit, |page: PageRequest<RefundPosition>| async move {
        storage.list_refunds_of_payment(payment, &page).await
    })
    .await
}

/// An order of these lines, paid with so many points and else with a card.
fn paid(fixtures: &Fixtures, lines: &[(i64, u32)], points: i64) -> (Order, Payment) {
    let order = fixtures.order_of(fixtures.id(), lines);
    let payment = fixtures.payment(&order, points);
    (order, payment)
}

pub(crate) async fn a_refund_reads_back_as_it_was_written<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(400);
    let (order, payment) = paid(&fixtures, &[(6_000, 3), (4_000, 1), (1, 999)], 3_000);
    let item = |line: usize, quantity, restock| RequestedItem {
        line: order.lines[line].id,
        quantity: units(quantity),
        restock,
    };
    // A line twice, and not in the order of their numbers.
    let some = RequestedRefund::these(vec![item(2, 7, false), item(0, 1, true), item(0, 2, false)]).unwrap();
    let (free, free_payment) = paid(&fixtures, &[(0, 3), (0, 1)], 0);
    let (large, large_payment) = paid(&fixtures, &[(i64::MAX, 1)], i64::MAX - 1);
    let mut timed = fixtures.refund(&order, &payment);
    timed.paid_at = instant("1970-01-01T00:00:00.001Z");
    timed.created_at = instant("9999-12-31T23:59:59.999Z");
    timed.reason = "가".repeat(500).parse().unwrap();
    let refunds = [
        fixtures.refund_of(&order, &payment, &some),
        fixtures.refund(&free, &free_payment),
        fixtures.refund(&large, &large_payment),
        timed,
    ];
    assert_eq!((refunds[0].tenders.len(), refunds[1].tenders.len()), (2, 0));
    add(&storage, &refunds).await;
    for refund in &refunds {
        assert_eq!(storage.find_refund(refund.id).await.unwrap().as_ref(), Some(refund));
        assert!(list(&storage, refund.payment, 100).await.contains(refund));
    }
}

pub(crate) async fn an_unknown_refund_is_none<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(401);
    assert_eq!(storage.find_refund(fixtures.id()).await.unwrap(), None);
    assert_eq!(list(&storage, fixtures.id(), 10).await, []);
}

pub(crate) async fn refuses_a_second_refund_under_an_id<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(402);
    let (order, payment) = paid(&fixtures, &[(100, 2)], 50);
    let first = fixtures.refund(&order, &payment);
    add(&storage, from_ref(&first)).await;
    let mut tx = begin(&storage).await;
    let second = Refund { id: first.id, ..fixtures.refund(&order, &payment) };
    let inserted = tx.insert_refunds(&[second]).await;
    assert_lost_race(&finish(tx, inserted).await);
    assert_eq!(storage.find_refund(first.id).await.unwrap(), Some(first));
}

pub(crate) async fn lists_the_refunds_of_a_payment_newest_first_and_each_once<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(403);
    let (order, payment) = paid(&fixtures, &[(100, 2)], 50);
    let (other, other_payment) = paid(&fixtures, &[(100, 2)], 50);
    let mut refunds: Vec<Refund> = (0..13)
        .map(|_| Refund {
            created_at: fixtures.in_millis(i64::from(fixtures.below(3))),
            ..fixtures.refund(&order, &payment)
        })
        .collect();
    add(&storage, &refunds).await;
    add(&storage, &[fixtures.refund(&other, &other_payment)]).await;
    refunds.sort_by_key(|refund| Reverse((refund.created_at, refund.id)));
    for limit in [1, 4, 13, 100] {
        assert_eq!(list(&storage, payment.id, limit).await, refunds);
    }
    assert_eq!(list(&storage, other_payment.id, 5).await.len(), 1);
}

pub(crate) async fn takes_a_large_set_of_refunds<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(404);
    let refunds: Vec<Refund> = (0..300)
        .map(|_| {
            let (order, payment) = paid(&fixtures, &[(100, 2), (3, 1)], 50);
            fixtures.refund(&order, &payment)
        })
        .collect();
    add(&storage, &refunds).await;
    for refund in refunds.iter().step_by(37) {
        assert_eq!(storage.find_refund(refund.id).await.unwrap().as_ref(), Some(refund));
    }
}
