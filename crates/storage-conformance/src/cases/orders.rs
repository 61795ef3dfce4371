//! Orders with their lines.

use std::cmp::Reverse;
use std::slice::from_ref;

use jangteo_order::{Order, OrderFilter, OrderPosition, OrderState, OrderStatus};
use jangteo_shared_kernel::{Currency, Money, PageRequest, Timestamp, UserId};

use crate::fixtures::{instant, krw, units};
use crate::prelude::*;
use crate::support::{
    add_orders, assert_fatal, assert_lost_race, assert_waits, at_once, begin, commit, every_page, finish,
    ids, outcome,
};
use crate::{Fixtures, Storage};

/// Every state that an order can be in.
fn every_state(at: Timestamp) -> [OrderState; 6] {
    [
        OrderState::PendingPayment,
        OrderState::Paid { paid_at: at },
        OrderState::Cancelled { cancelled_at: at },
        OrderState::Expired { expired_at: at },
        OrderState::PartiallyRefunded { paid_at: at },
        OrderState::Refunded { paid_at: at },
    ]
}

async fn list<S: Storage>(storage: &S, filter: OrderFilter, limit: u16) -> Vec<Order> {
    every_page(
        limit,
        |page: PageRequest<OrderPosition>| async move { storage.list_orders(&filter, &page).await },
    )
    .await
}

/// Checks that the orders read back as they are, found, locked and listed.
async fn assert_kept<S: Storage>(storage: &S, orders: &[Order]) {
    for order in orders {
        assert_eq!(storage.find_order(order.id).await.unwrap().as_ref(), Some(order));
    }
    let mut tx = begin(storage).await;
    let locked = tx.lock_orders(&orders.iter().map(|order| order.id).collect()).await.unwrap();
    assert_eq!(locked, orders.iter().map(|order| (order.id, order.clone())).collect());
    tx.rollback().await.unwrap();
    let mut listed = list(storage, OrderFilter::default(), 100).await;
    listed.retain(|order| orders.iter().any(|other| other.id == order.id));
    let mut expected = orders.to_vec();
    expected.sort_by_key(|order| Reverse((order.created_at, order.id)));
    assert_eq!(listed, expected);
}

pub(crate) async fn an_order_reads_back_as_it_was_written_in_every_state<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(60);
    let user = fixtures.id();
    let orders: Vec<Order> = every_state(instant("2026-11-22T14:59:59.999Z"))
        .into_iter()
        .enumerate()
        .map(|(n, state)| Order { state, version: 1 + i64::try_from(n).unwrap(), ..fixtures.order(user) })
        .collect();
    add_orders(&storage, &orders).await;
    assert_kept(&storage, &orders).await;
}

pub(crate) async fn amounts_counts_and_names_of_an_order_are_kept_exactly<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(61);
    let user = fixtures.id();
    let mut discounted = fixtures.order_of(user, &[(6_000, 1), (4_000, 1), (1, 3)]);
    discounted.discount = krw(1_000);
    discounted.issued_coupon = Some(fixtures.id());
    discounted.lines[0].discount = krw(600);
    discounted.lines[1].discount = krw(400);
    let mut refunded = fixtures.order_of(user, &[(1_000, 999), (5, 2)]);
    refunded.lines[0].refunded = units(998);
    refunded.lines[0].restocked = units(997);
    refunded.lines[1].refunded = units(2);
    refunded.state = OrderState::PartiallyRefunded { paid_at: fixtures.in_millis(1) };
    let mut named = fixtures.order_of(user, &[(1, 1), (2, 1), (3, 1)]);
    named.lines[0].product_name = "🧦".repeat(200);
    named.lines[1].product_name = "'; DROP TABLE orders; --\"\\%_".into();
    named.lines[2].product_name = "머그컵 \u{1106}\u{1165} é e\u{301}".into();
    let mut timed = fixtures.order(user);
    timed.created_at = instant("1970-01-01T00:00:00.001Z");
    timed.expires_at = instant("9999-12-31T23:59:59.999Z");
    timed.version = i64::MAX;
    let mut foreign = fixtures.order_of(user, &[(199, 3)]);
    let usd: Currency = "USD".parse().unwrap();
    let dollars = |money: &mut Money| *money = Money::new(money.amount(), usd);
    for money in [&mut foreign.gross, &mut foreign.discount] {
        dollars(money);
    }
    for line in &mut foreign.lines {
        [&mut line.unit_price, &mut line.gross, &mut line.discount].into_iter().for_each(dollars);
    }
    let orders = [
        discounted,
        refunded,
        named,
        timed,
        foreign,
        fixtures.order_of(user, &[(0, 3), (0, 1)]),
        fixtures.order_of(user, &[(i64::MAX, 1)]),
        fixtures.order_of(user, &[(1_000_000_000_000, 999); 100]),
    ];
    add_orders(&storage, &orders).await;
    assert_kept(&storage, &orders).await;
}

pub(crate) async fn lines_come_in_the_order_of_their_numbers<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(62);
    let user = fixtures.id();
    let mut orders: Vec<Order> = (0..3).map(|_| fixtures.order_of(user, &[(100, 1); 100])).collect();
    // Ids fall as numbers rise, so neither ids nor texts of numbers can stand in for numbers.
    for order in &mut orders {
        let mut names: Vec<_> = order.lines.iter().map(|line| line.id).collect();
        names.sort_by_key(|id| Reverse(*id));
        for (line, id) in order.lines.iter_mut().zip(names) {
            line.id = id;
        }
    }
    add_orders(&storage, &orders).await;
    assert_kept(&storage, &orders).await;
}

/// Orders of any shape, drawn from one seed.
pub(crate) async fn any_order_reads_back_as_it_was_written<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(63);
    for _ in 0..12 {
        let set: Vec<Order> = (0..=fixtures.below(6))
            .map(|_| {
                let count = 1 + fixtures.below(20);
                let lines: Vec<(i64, u32)> = (0..count)
                    .map(|_| {
                        let top = fixtures.one_of(&[1, 10, 1_000, 1_000_000, u32::MAX]);
                        (
                            i64::from(fixtures.below(top)) * i64::from(fixtures.one_of(&[1, 200])),
                            1 + fixtures.below(999),
                        )
                    })
                    .collect();
                let mut order = fixtures.order_of(fixtures.id(), &lines);
                for line in &mut order.lines {
                    line.discount = krw(line.gross.amount() / i64::from(1 + fixtures.below(5)));
                    line.refunded = units(fixtures.below(line.quantity.get() + 1));
                    line.restocked = units(fixtures.below(line.refunded.get() + 1));
                }
                order.discount = krw(order.lines.iter().map(|line| line.discount.amount()).sum());
                order.state =
                    fixtures.one_of(&every_state(fixtures.in_millis(i64::from(fixtures.below(100_000)))));
                order.created_at = fixtures.in_millis(-i64::from(fixtures.below(100_000)));
                order.issued_coupon = fixtures.one_of(&[None, Some(fixtures.id())]);
                order
            })
            .collect();
        add_orders(&storage, &set).await;
        assert_kept(&storage, &set).await;
    }
}

pub(crate) async fn leaves_out_unknown_orders<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(64);
    let known = fixtures.order(fixtures.id());
    add_orders(&storage, from_ref(&known)).await;
    assert_eq!(storage.find_order(fixtures.id()).await.unwrap(), None);
    let mut tx = begin(&storage).await;
    let locked = tx.lock_orders(&ids([fixtures.id(), known.id, fixtures.id()])).await.unwrap();
    assert!(locked.into_values().eq([known]));
    assert!(tx.find_unpaid_orders_of(&ids([fixtures.id()])).await.unwrap().is_empty());
}

pub(crate) async fn refuses_a_second_order_under_an_id<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(65);
    let order = fixtures.order(fixtures.id());
    add_orders(&storage, from_ref(&order)).await;
    let mut tx = begin(&storage).await;
    let inserted = tx.insert_orders(&[Order { id: order.id, ..fixtures.order(order.user) }]).await;
    assert_lost_race(&finish(tx, inserted).await);
    assert_kept(&storage, &[order]).await;
}

pub(crate) async fn saving_a_state_changes_state_and_version_only<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(66);
    let user = fixtures.id();
    for before in every_state(fixtures.now()) {
        let orders: Vec<Order> =
            (0..6).map(|_| Order { state: before, ..fixtures.order_of(user, &[(5, 3), (7, 2)]) }).collect();
        add_orders(&storage, &orders).await;
        let changed: Vec<Order> = orders
            .iter()
            .zip(every_state(fixtures.in_millis(5_001)))
            .map(|(order, state)| {
                let mut changed = Order { state, version: order.version + 1, ..order.clone() };
                changed.lines[0].refunded = units(1);
                changed.lines.pop();
                changed.issued_coupon = Some(fixtures.id());
                changed
            })
            .collect();
        let all = orders.iter().map(|order| order.id).collect();
        commit!(storage, tx => tx.lock_orders(&all); tx.save_order_states(&changed));
        let expected: Vec<Order> = orders
            .into_iter()
            .zip(changed)
            .map(|(order, changed)| Order { state: changed.state, version: changed.version, ..order })
            .collect();
        assert_kept(&storage, &expected).await;
    }
}

pub(crate) async fn saving_returned_units_changes_their_counts_only<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(75);
    let user = fixtures.id();
    let paid = OrderState::Paid { paid_at: fixtures.now() };
    let orders: Vec<Order> =
        (0..3).map(|_| Order { state: paid, ..fixtures.order_of(user, &[(5, 3), (7, 2)]) }).collect();
    add_orders(&storage, &orders).await;
    let changed: Vec<Order> = orders[..2]
        .iter()
        .map(|order| {
            let mut changed = order.clone();
            (changed.lines[0].refunded, changed.lines[0].restocked) = (units(2), units(1));
            changed.lines[1].refunded = units(2);
            changed.lines[1].product_name = "another".into();
            (changed.state, changed.version) = (OrderState::PendingPayment, 9);
            changed
        })
        .collect();
    let all = orders.iter().map(|order| order.id).collect();
    commit!(storage, tx => tx.lock_orders(&all); tx.save_returned_units(&changed));
    let mut expected = orders;
    for (order, changed) in expected.iter_mut().zip(changed) {
        for (line, changed) in order.lines.iter_mut().zip(changed.lines) {
            (line.refunded, line.restocked) = (changed.refunded, changed.restocked);
        }
    }
    assert_kept(&storage, &expected).await;
}

pub(crate) async fn refuses_more_returned_units_than_there_are<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(76);
    let order = fixtures.order_of(fixtures.id(), &[(5, 3)]);
    add_orders(&storage, from_ref(&order)).await;
    for (refunded, restocked) in [(4, 0), (1, 2)] {
        let mut changed = order.clone();
        (changed.lines[0].refunded, changed.lines[0].restocked) = (units(refunded), units(restocked));
        let mut tx = begin(&storage).await;
        tx.lock_orders(&ids([order.id])).await.unwrap();
        let saved = tx.save_returned_units(&[changed]).await;
        assert_fatal(&finish(tx, saved).await);
    }
    assert_kept(&storage, &[order]).await;
}

pub(crate) async fn finds_the_unpaid_orders_of_users<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(67);
    let users: Vec<UserId> = (0..3).map(|_| fixtures.id()).collect();
    let mut orders = Vec::new();
    for user in &users {
        for state in every_state(fixtures.now()) {
            orders.push(Order { state, ..fixtures.order(*user) });
        }
        // Past its time, but nobody has expired it.
        orders.push(Order { expires_at: fixtures.in_millis(-1), ..fixtures.order(*user) });
    }
    add_orders(&storage, &orders).await;
    let asked = ids([users[0], users[2]]);
    let unpaid =
        |order: &&Order| asked.contains(&order.user) && order.status() == OrderStatus::PendingPayment;
    let expected = orders.iter().filter(unpaid).map(|order| order.id).collect();
    let mut tx = begin(&storage).await;
    assert_eq!(tx.find_unpaid_orders_of(&asked).await.unwrap(), expected);
    assert_eq!(expected.len(), 4);
}

pub(crate) async fn locks_the_orders_that_are_due_the_longest_due_first<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(75);
    let (user, now) = (fixtures.id(), fixtures.now());
    let waiting = |due_in| Order {
        state: OrderState::PendingPayment,
        expires_at: fixtures.in_millis(due_in),
        ..fixtures.order(user)
    };
    let due: Vec<Order> = [-5_000, -4_999, -70, -1, 0].map(waiting).into();
    let mut others = vec![waiting(1), waiting(60_000)];
    for state in every_state(now).into_iter().skip(1) {
        others.push(Order { state, ..waiting(-6_000) });
    }
    add_orders(&storage, &[others, due.iter().rev().cloned().collect()].concat()).await;
    for most in [0, 1, 3, 5, 100] {
        let mut tx = begin(&storage).await;
        let locked = tx.lock_due_orders(now, u32::try_from(most).unwrap()).await.unwrap();
        assert_eq!(locked, due.iter().take(most).map(|order| (order.id, order.clone())).collect(), "{most}");
        tx.rollback().await.unwrap();
    }
    // What was locked can be saved.
    let mut tx = begin(&storage).await;
    let locked = tx.lock_due_orders(now, 100).await.unwrap();
    let expired: Vec<Order> = locked
        .into_values()
        .map(|order| Order { state: OrderState::Expired { expired_at: now }, version: 2, ..order })
        .collect();
    tx.save_order_states(&expired).await.unwrap();
    tx.commit().await.unwrap();
    assert_kept(&storage, &expired).await;
    let mut tx = begin(&storage).await;
    assert!(tx.lock_due_orders(now, 100).await.unwrap().is_empty());
}

/// Whether a storage skips the order or waits for it: a job that gets it after the payment would expire a paid order.
pub(crate) async fn a_due_order_that_somebody_pays_meanwhile_is_left_to_them<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(76);
    let now = fixtures.now();
    let [held, free] = [-2, -1].map(|due_in| Order {
        state: OrderState::PendingPayment,
        expires_at: fixtures.in_millis(due_in),
        ..fixtures.order(fixtures.id())
    });
    add_orders(&storage, &[held.clone(), free.clone()]).await;
    let mut paying = begin(&storage).await;
    paying.lock_orders(&ids([held.id])).await.unwrap();
    let paid = Order { state: OrderState::Paid { paid_at: now }, version: 2, ..held };
    paying.save_order_states(from_ref(&paid)).await.unwrap();
    let other = storage.clone();
    let expiring = tokio::spawn(async move {
        let mut tx = begin(&other).await;
        tx.lock_due_orders(now, 100).await.unwrap()
    });
    tokio::task::yield_now().await;
    paying.commit().await.unwrap();
    assert_eq!(outcome(expiring).await.into_keys().collect::<Vec<_>>(), [free.id]);
}

pub(crate) async fn lists_orders_newest_first_and_each_once<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(68);
    let users: Vec<UserId> = (0..3).map(|_| fixtures.id()).collect();
    let mut orders: Vec<Order> = (0..60)
        .map(|_| Order {
            state: fixtures.one_of(&every_state(fixtures.now())),
            created_at: fixtures.in_millis(i64::from(fixtures.below(6)) * 250),
            ..fixtures.order(fixtures.one_of(&users))
        })
        .collect();
    add_orders(&storage, &orders).await;
    orders.sort_by_key(|order| Reverse((order.created_at, order.id)));

    let statuses = every_state(fixtures.now()).map(OrderState::status);
    let every_user = users.iter().copied().map(Some).chain([None, Some(fixtures.id())]);
    for user in every_user {
        for status in statuses.into_iter().map(Some).chain([None]) {
            let shown = |order: &&Order| {
                user.is_none_or(|user| order.user == user)
                    && status.is_none_or(|status| order.status() == status)
            };
            let expected: Vec<Order> = orders.iter().filter(shown).cloned().collect();
            assert_eq!(
                list(&storage, OrderFilter { user, status }, 4).await,
                expected,
                "{user:?} {status:?}"
            );
        }
    }
    for limit in [1, 20, 60, 100] {
        assert_eq!(list(&storage, OrderFilter::default(), limit).await, orders, "pages of {limit}");
    }
}

pub(crate) async fn an_order_past_its_time_is_listed_as_unpaid<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(69);
    let late = Order { expires_at: fixtures.in_millis(-1_000_000), ..fixtures.order(fixtures.id()) };
    add_orders(&storage, from_ref(&late)).await;
    let of = |status| OrderFilter { user: None, status: Some(status) };
    assert_eq!(list(&storage, of(OrderStatus::PendingPayment), 5).await, [late]);
    assert!(list(&storage, of(OrderStatus::Expired), 5).await.is_empty());
}

pub(crate) async fn a_lock_on_an_order_waits_and_sees_what_was_committed<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(70);
    let order = fixtures.order(fixtures.id());
    add_orders(&storage, from_ref(&order)).await;
    let mut tx = begin(&storage).await;
    let mut mine = tx.lock_orders(&ids([order.id])).await.unwrap().remove(&order.id).unwrap();
    let mut waiting = tokio::spawn({
        let (storage, id) = (storage.clone(), order.id);
        async move {
            let mut tx = begin(&storage).await;
            tx.lock_orders(&ids([id])).await.unwrap().remove(&id)
        }
    });
    assert_waits(&mut waiting).await;
    mine.pay(fixtures.now()).unwrap();
    tx.save_order_states(from_ref(&mine)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(outcome(waiting).await, Some(mine));
}

/// Paying and cancelling at once has one winner, the row lock's.
pub(crate) async fn of_paying_and_cancelling_at_once_one_wins<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(71);
    for _ in 0..10 {
        let order = fixtures.order(fixtures.id());
        add_orders(&storage, from_ref(&order)).await;
        let won = at_once(4, |n| {
            let (storage, id, now) = (storage.clone(), order.id, fixtures.now());
            async move {
                let mut tx = begin(&storage).await;
                let mut order = tx.lock_orders(&ids([id])).await.unwrap().remove(&id).unwrap();
                let won = match n % 2 {
                    0 => order.pay(now).is_ok(),
                    _ => order.cancel(now) == Ok(jangteo_order::Cancelled::Now),
                };
                tx.save_order_states(&[order]).await.unwrap();
                tx.commit().await.unwrap();
                won
            }
        })
        .await;
        assert_eq!(won.into_iter().filter(|won| *won).count(), 1);
        assert_eq!(storage.find_order(order.id).await.unwrap().unwrap().version, 2);
    }
}
