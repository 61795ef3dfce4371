//! Payments.

use std::cmp::Reverse;
use std::slice::from_ref;

use jangteo_order::Order;
use jangteo_payment::{GivingBack, Payment, PaymentEvent, PaymentEventKind, PaymentStatus, TenderMethod};
use jangteo_shared_kernel::{Currency, Money, OrderId, PaymentId};

use crate::fixtures::{instant, krw};
use crate::prelude::*;
use crate::support::{
    assert_fatal, assert_lost_race, assert_one_winner, assert_waits, at_once, begin, commit, finish, ids,
    outcome,
};
use crate::{Fixtures, Storage};

async fn assert_kept<S: Storage>(storage: &S, payments: &[Payment]) {
    for payment in payments {
        let found = storage.find_payment(payment.id).await.unwrap();
        assert_eq!(found.as_ref(), Some(payment));
        let of_order = storage.payments_of_order(payment.order).await.unwrap();
        let found = of_order.into_iter().find(|other| other.id == payment.id);
        assert_eq!(found.as_ref(), Some(payment));
    }
}

async fn add<S: Storage>(storage: &S, new: &[Payment]) {
    commit!(*storage, tx => tx.insert_payments(new));
}

/// A payment of the order that did not settle it.
fn failed(fixtures: &Fixtures, order: &Order, ends: &[PaymentEventKind]) -> Payment {
    let mut payment = Payment { settles: false, ..fixtures.payment(order, 0) };
    payment.events.truncate(1);
    for kind in ends {
        let sequence = u32::try_from(payment.events.len() + 1).unwrap();
        payment.events.push(PaymentEvent {
            sequence,
            kind: *kind,
            amount: order.total(),
            created_at: fixtures.now(),
        });
    }
    payment
}

pub(crate) async fn a_payment_reads_back_as_it_was_written<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(80);
    let user = fixtures.id();
    let order = fixtures.order_of(user, &[(6_000, 1), (4_000, 1), (1, 1)]);
    let two = fixtures.payment(&order, 3_000);
    assert_eq!((two.tenders.len(), two.tenders[0].shares.len(), two.events.len()), (2, 3, 2));
    let points = fixtures.payment(&order_like(&fixtures, &order), order.total().amount());
    let card = fixtures.payment(&order_like(&fixtures, &order), 0);
    let nothing = fixtures.payment(&fixtures.order_of(user, &[(0, 3), (0, 1)]), 0);
    assert!(nothing.tenders.is_empty());
    let largest = fixtures.payment(&fixtures.order_of(user, &[(i64::MAX, 1)]), i64::MAX - 1);
    let mut timed = fixtures.payment(&fixtures.order(user), 1);
    timed.created_at = instant("1970-01-01T00:00:00.001Z");
    timed.events[1].created_at = instant("9999-12-31T23:59:59.999Z");
    // The order in which the customer named the tenders.
    let mut card_first = fixtures.payment(&order_like(&fixtures, &order), 3_000);
    card_first.tenders.reverse();
    let payments = [two, points, card, nothing, largest, timed, card_first];
    add(&storage, &payments).await;
    assert_kept(&storage, &payments).await;
}

/// Another order of the same lines.
fn order_like(fixtures: &Fixtures, order: &Order) -> Order {
    let lines: Vec<(i64, u32)> =
        order.lines.iter().map(|line| (line.unit_price.amount(), line.quantity.get())).collect();
    fixtures.order_of(order.user, &lines)
}

pub(crate) async fn a_payment_in_another_currency_reads_back<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(81);
    let usd: Currency = "USD".parse().unwrap();
    let mut payment = fixtures.payment(&fixtures.order(fixtures.id()), 1);
    let dollars = |money: &mut Money| *money = Money::new(money.amount(), usd);
    dollars(&mut payment.amount);
    payment.events.iter_mut().for_each(|event| dollars(&mut event.amount));
    for tender in &mut payment.tenders {
        dollars(&mut tender.amount);
        dollars(&mut tender.refunded);
        tender.shares.iter_mut().for_each(|share| dollars(&mut share.amount));
    }
    add(&storage, from_ref(&payment)).await;
    assert_kept(&storage, &[payment]).await;
}

pub(crate) async fn shares_come_in_the_order_of_the_lines<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(82);
    let mut order = fixtures.order_of(fixtures.id(), &[(1_001, 3); 100]);
    let mut names: Vec<_> = order.lines.iter().map(|line| line.id).collect();
    names.sort_by_key(|id| Reverse(*id));
    for (line, id) in order.lines.iter_mut().zip(names) {
        line.id = id;
    }
    let payment = fixtures.payment(&order, 12_345);
    assert!(
        payment.tenders[0].shares.iter().map(|share| share.line).eq(order.lines.iter().map(|line| line.id))
    );
    // With the order there too, should a storage read the order of shares from it.
    commit!(storage, tx => tx.insert_orders(from_ref(&order)); tx.insert_payments(from_ref(&payment)));
    assert_kept(&storage, &[payment]).await;
}

pub(crate) async fn a_history_reads_back_in_sequence<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(83);
    let order = fixtures.order_of(fixtures.id(), &[(10_000, 3)]);
    let mut payment = fixtures.payment(&order, 5_000);
    for sequence in 3..=25 {
        let created_at = fixtures.in_millis(i64::from(sequence % 7));
        payment.events.push(PaymentEvent {
            sequence,
            kind: PaymentEventKind::PartiallyRefunded,
            amount: krw(10),
            created_at,
        });
    }
    payment.tenders[0].refunded = krw(230);
    assert_eq!((payment.refunded(), payment.status()), (krw(230), PaymentStatus::PartiallyRefunded));
    let cancelled = {
        let mut payment = fixtures.payment(&order_like(&fixtures, &order), 5_000);
        let (kind, amount) = (PaymentEventKind::Cancelled, payment.amount);
        payment.events.push(PaymentEvent { sequence: 3, kind, amount, created_at: fixtures.now() });
        payment
    };
    let payments = [
        payment,
        cancelled,
        failed(&fixtures, &order, &[]),
        failed(&fixtures, &order, &[PaymentEventKind::Failed]),
        failed(&fixtures, &order, &[PaymentEventKind::Unknown]),
        failed(&fixtures, &order, &[PaymentEventKind::Unknown, PaymentEventKind::Failed]),
    ];
    add(&storage, &payments).await;
    assert_kept(&storage, &payments).await;
}

pub(crate) async fn an_unknown_payment_is_none<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(84);
    assert_eq!(storage.find_payment(fixtures.id()).await.unwrap(), None);
    assert_eq!(storage.payments_of_order(fixtures.id()).await.unwrap(), []);
}

pub(crate) async fn the_payments_of_an_order_come_newest_first<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(85);
    let (order, other) = (fixtures.order(fixtures.id()), fixtures.order(fixtures.id()));
    let mut payments: Vec<Payment> = (0..9)
        .map(|_| Payment {
            created_at: fixtures.in_millis(i64::from(fixtures.below(3))),
            ..failed(&fixtures, &order, &[PaymentEventKind::Failed])
        })
        .collect();
    payments.push(fixtures.payment(&order, 1));
    add(&storage, &payments).await;
    add(&storage, &[fixtures.payment(&other, 1)]).await;
    payments.sort_by_key(|payment| Reverse((payment.created_at, payment.id)));
    let found = storage.payments_of_order(order.id).await.unwrap();
    let names = |payments: &[Payment]| payments.iter().map(|payment| payment.id).collect::<Vec<_>>();
    assert_eq!(names(&found), names(&payments));
    assert_eq!(storage.payments_of_order(other.id).await.unwrap().len(), 1);
}

pub(crate) async fn refuses_the_second_payment_that_settles_an_order<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(86);
    let order = fixtures.order(fixtures.id());
    let (first, second) = (fixtures.payment(&order, 1), fixtures.payment(&order, 0));
    let mut tx = begin(&storage).await;
    let inserted = tx.insert_payments(&[first.clone(), second.clone()]).await;
    assert_lost_race(&finish(tx, inserted).await);
    assert_eq!(storage.payments_of_order(order.id).await.unwrap(), []);

    add(&storage, from_ref(&first)).await;
    let mut tx = begin(&storage).await;
    assert_lost_race(&tx.insert_payments(from_ref(&second)).await);
    tx.rollback().await.unwrap();
    // What does not settle it is no rival, before and after.
    add(
        &storage,
        &[Payment { settles: false, ..second }, failed(&fixtures, &order, &[PaymentEventKind::Failed])],
    )
    .await;
    let settling: Vec<OrderId> = storage
        .payments_of_order(order.id)
        .await
        .unwrap()
        .into_iter()
        .filter(|payment| payment.settles)
        .map(|payment| payment.order)
        .collect();
    assert_eq!(settling, [order.id]);
}

pub(crate) async fn refuses_a_second_payment_under_an_id<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(87);
    let first = fixtures.payment(&fixtures.order(fixtures.id()), 1);
    add(&storage, from_ref(&first)).await;
    let mut tx = begin(&storage).await;
    let second = Payment { id: first.id, ..fixtures.payment(&fixtures.order(fixtures.id()), 0) };
    let inserted = tx.insert_payments(&[second]).await;
    assert_lost_race(&finish(tx, inserted).await);
    assert_kept(&storage, &[first]).await;
}

/// Hard case 6: two payments for one order at once.
pub(crate) async fn of_payments_that_settle_an_order_at_once_one_wins<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(88);
    for _ in 0..5 {
        let order = fixtures.order(fixtures.id());
        let outcomes = at_once(6, |_| {
            let (storage, payment) = (storage.clone(), fixtures.payment(&order, 1));
            async move {
                let mut tx = begin(&storage).await;
                let inserted = tx.insert_payments(&[payment]).await;
                tokio::task::yield_now().await;
                finish(tx, inserted).await
            }
        })
        .await;
        assert_one_winner(outcomes);
        assert_eq!(storage.payments_of_order(order.id).await.unwrap().len(), 1);
    }
}

/// The storage itself refuses to be wrong.
pub(crate) async fn refuses_to_give_back_more_than_was_taken<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(89);
    let order = fixtures.order_of(fixtures.id(), &[(100, 1)]);
    let mut payment = fixtures.payment(&order, 100);
    let (kind, amount, created_at) = (PaymentEventKind::Refunded, krw(101), fixtures.now());
    payment.events.push(PaymentEvent { sequence: 3, kind, amount, created_at });
    let mut tx = begin(&storage).await;
    let inserted = tx.insert_payments(from_ref(&payment)).await;
    assert_fatal(&finish(tx, inserted).await);
    assert_eq!(storage.find_payment(payment.id).await.unwrap(), None);
}

pub(crate) async fn finds_the_orders_of_payments<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(390);
    let payments: Vec<Payment> =
        (0..3).map(|_| fixtures.payment(&fixtures.order(fixtures.id()), 0)).collect();
    add(&storage, &payments).await;
    let asked = ids([payments[0].id, payments[2].id, fixtures.id()]);
    let mut tx = begin(&storage).await;
    let found = tx.find_orders_of_payments(&asked).await.unwrap();
    assert_eq!(found, [&payments[0], &payments[2]].map(|payment| (payment.id, payment.order)).into());
    let own = fixtures.payment(&fixtures.order(fixtures.id()), 0);
    tx.insert_payments(from_ref(&own)).await.unwrap();
    let found = tx.find_orders_of_payments(&ids([own.id])).await.unwrap();
    assert_eq!(found, [(own.id, own.order)].into());
    tx.rollback().await.unwrap();
}

/// Gives so many points back.
fn give_back(
    fixtures: &Fixtures,
    payment: &mut Payment,
    points: i64,
    how: GivingBack,
) -> (PaymentId, PaymentEvent) {
    let event = payment.give_back(&[(TenderMethod::Point, krw(points))], how, fixtures.in_millis(7));
    (payment.id, event.unwrap())
}

pub(crate) async fn saving_what_was_given_back_changes_nothing_else<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(391);
    let order = fixtures.order_of(fixtures.id(), &[(600, 1), (400, 1)]);
    let (mut payment, other) =
        (fixtures.payment(&order, 1_000), fixtures.payment(&order_like(&fixtures, &order), 1_000));
    add(&storage, &[payment.clone(), other.clone()]).await;
    let one = ids([payment.id]);
    let mut tx = begin(&storage).await;
    assert_eq!(tx.lock_payments(&one).await.unwrap(), [(payment.id, payment.clone())].into());
    // Two in one set.
    let events = [
        give_back(&fixtures, &mut payment, 0, GivingBack::Part),
        give_back(&fixtures, &mut payment, 300, GivingBack::Part),
    ];
    let changed = Payment { amount: krw(9), settles: false, ..payment.clone() };
    tx.save_given_back(&[changed], &events).await.unwrap();
    tx.commit().await.unwrap();
    assert_kept(&storage, &[payment.clone(), other.clone()]).await;

    let last = give_back(&fixtures, &mut payment, 700, GivingBack::Cancellation);
    let changed = payment.clone();
    commit!(storage, tx => tx.lock_payments(&one); tx.save_given_back(from_ref(&changed), &[last]));
    assert_kept(&storage, &[payment, other]).await;
}

pub(crate) async fn what_is_given_back_in_a_large_set_is_kept<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(392);
    let mut payments: Vec<Payment> =
        (0..300).map(|_| fixtures.payment(&fixtures.order_of(fixtures.id(), &[(10, 2)]), 20)).collect();
    add(&storage, &payments).await;
    let all = payments.iter().map(|payment| payment.id).collect();
    let events: Vec<_> =
        payments.iter_mut().map(|payment| give_back(&fixtures, payment, 20, GivingBack::Rest)).collect();
    let changed = payments.clone();
    commit!(storage, tx => tx.lock_payments(&all); tx.save_given_back(&changed, &events));
    let mut tx = begin(&storage).await;
    let locked = tx.lock_payments(&all).await.unwrap();
    assert_eq!(locked, payments.into_iter().map(|payment| (payment.id, payment)).collect());
    tx.rollback().await.unwrap();
}

/// The storage itself refuses to be wrong.
pub(crate) async fn refuses_to_save_more_given_back_than_was_taken<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(393);
    let payment = fixtures.payment(&fixtures.order_of(fixtures.id(), &[(100, 1)]), 100);
    add(&storage, from_ref(&payment)).await;
    let mut wrong = payment.clone();
    let (kind, amount, created_at) = (PaymentEventKind::Refunded, krw(101), fixtures.now());
    let event = PaymentEvent { sequence: 3, kind, amount, created_at };
    wrong.events.push(event);
    wrong.tenders[0].refunded = krw(101);
    let mut tx = begin(&storage).await;
    tx.lock_payments(&ids([payment.id])).await.unwrap();
    let saved = tx.save_given_back(&[wrong], &[(payment.id, event)]).await;
    assert_fatal(&finish(tx, saved).await);
    assert_kept(&storage, &[payment]).await;
}

pub(crate) async fn refuses_a_second_event_of_a_sequence<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(394);
    let mut payment = fixtures.payment(&fixtures.order_of(fixtures.id(), &[(100, 2)]), 200);
    add(&storage, from_ref(&payment)).await;
    let before = payment.clone();
    let (id, event) = give_back(&fixtures, &mut payment, 100, GivingBack::Part);
    let mut tx = begin(&storage).await;
    tx.lock_payments(&ids([id])).await.unwrap();
    let saved = tx.save_given_back(&[payment], &[(id, PaymentEvent { sequence: 2, ..event })]).await;
    assert_lost_race(&finish(tx, saved).await);
    assert_kept(&storage, &[before]).await;
}

pub(crate) async fn a_lock_on_a_payment_waits_and_sees_what_was_committed<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(395);
    let mut payment = fixtures.payment(&fixtures.order_of(fixtures.id(), &[(100, 2)]), 200);
    add(&storage, from_ref(&payment)).await;
    let one = ids([payment.id]);
    let mut tx = begin(&storage).await;
    tx.lock_payments(&one).await.unwrap();
    let mut other = {
        let (storage, one) = (storage.clone(), one.clone());
        tokio::spawn(async move {
            let mut tx = begin(&storage).await;
            let locked = tx.lock_payments(&one).await.unwrap();
            tx.rollback().await.unwrap();
            locked
        })
    };
    assert_waits(&mut other).await;
    let event = give_back(&fixtures, &mut payment, 100, GivingBack::Part);
    tx.save_given_back(from_ref(&payment), &[event]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(outcome(other).await, [(payment.id, payment)].into());
}
