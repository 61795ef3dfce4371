//! Many clients at once: what is promised to one holds for all of them.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::{Person, Reply, Server, counted};

/// This many new customers, signed up at once.
async fn customers(server: &Server, count: usize) -> Vec<Person> {
    let mut arriving = JoinSet::new();
    for _ in 0..count {
        let api = server.api();
        arriving.spawn(async move { api.sign_up().await });
    }
    arriving.join_all().await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_clients_get_the_last_ten_units() {
    let server = Server::start();
    let admin = server.admin().await;
    let mug = admin.product("Mug", 1_000, 10).await;
    let mut buying = JoinSet::new();
    for customer in customers(&server, 200).await {
        let mug = mug.clone();
        buying.spawn(async move { customer.order(&[(&mug, 1)]).await });
    }
    let replies = buying.join_all().await;
    assert_eq!(counted(&replies), BTreeMap::from([((201, ""), 10), ((409, "out-of-stock"), 190)]));
    assert_eq!(admin.stock(&mug).await, 0);
    server.adds_up();
}

/// Hard case 16: orders (A, B) and (B, A) at once.
#[tokio::test(flavor = "multi_thread")]
async fn hard_case_16_crossed_orders_get_the_last_ten_pairs() {
    let server = Server::start();
    let admin = server.admin().await;
    let (a, b) = (admin.product("A", 1_000, 10).await, admin.product("B", 2_000, 15).await);
    let mut buying = JoinSet::new();
    for (n, customer) in customers(&server, 200).await.into_iter().enumerate() {
        let (a, b) = if n % 2 == 0 { (a.clone(), b.clone()) } else { (b.clone(), a.clone()) };
        buying.spawn(async move { customer.order(&[(&a, 1), (&b, 1)]).await });
    }
    let replies = buying.join_all().await;
    assert_eq!(counted(&replies), BTreeMap::from([((201, ""), 10), ((409, "out-of-stock"), 190)]));
    assert_eq!((admin.stock(&a).await, admin.stock(&b).await), (0, 5));
    server.adds_up();
}

/// Hard case 6: payments of one order at once.
#[tokio::test(flavor = "multi_thread")]
async fn hard_case_6_fifty_payments_of_one_order_are_one() {
    let server = Server::start();
    let (admin, minji) = (server.admin().await, server.customer().await);
    let mug = admin.product("Mug", 12_000, 10).await;
    minji.charge(100_000).await;
    let order = minji.order(&[(&mug, 2)]).await.is(201).id().to_owned();
    let mut paying = JoinSet::new();
    for _ in 0..50 {
        let (minji, order) = (minji.clone(), order.clone());
        paying.spawn(async move { minji.pay(&order).await });
    }
    let replies = paying.join_all().await;
    assert_eq!(counted(&replies), BTreeMap::from([((201, ""), 1), ((409, "already-paid"), 49)]));
    assert_eq!(minji.balance().await, 76_000);
    assert_eq!(minji.get(&format!("/orders/{order}/payments")).await.is(200).items().len(), 1);
    server.adds_up();
}

/// Hard case 11: retries after lost answers, all at once.
#[tokio::test(flavor = "multi_thread")]
async fn hard_case_11_fifty_retries_under_one_key_are_one_effect() {
    let server = Server::start();
    let (admin, minji) = (server.admin().await, server.customer().await);
    let mug = admin.product("Mug", 1_000, 10).await;
    minji.charge(10_000).await;
    let order = at_once(&minji, "/orders", json!({ "items": [{ "productId": mug, "quantity": 3 }] })).await;
    assert_eq!(admin.stock(&mug).await, 7);
    at_once(&minji, "/payments", json!({ "orderId": order.id() })).await;
    assert_eq!(minji.balance().await, 7_000);
    at_once(&minji, "/users/me/points/charges", json!({ "amount": { "amount": 5_000, "currency": "KRW" } }))
        .await;
    assert_eq!(minji.balance().await, 12_000);
    server.adds_up();
}

/// Sends fifty equal requests at once; they have one answer, which 49 of them get as a replay.
async fn at_once(person: &Person, path: &'static str, body: Value) -> Reply {
    let mut sending = JoinSet::new();
    for _ in 0..50 {
        let (person, body) = (person.clone(), body.clone());
        sending.spawn(async move { person.keyed(path, path.trim_start_matches('/'), &body).await });
    }
    let replies = sending.join_all().await;
    assert_eq!(counted(&replies), BTreeMap::from([((201, ""), 50)]));
    assert!(replies.iter().all(|reply| reply.text == replies[0].text));
    let replays = replies.iter().filter(|reply| reply.header("idempotency-replayed") == Some("true"));
    assert_eq!(replays.count(), 49);
    replies[0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_many_gets_an_address() {
    let server = Server::start();
    let mut arriving = JoinSet::new();
    for _ in 0..30 {
        let api = server.api();
        let body = json!({ "email": "one@example.com", "password": "correct horse battery", "name": "One" });
        arriving.spawn(async move { api.post("/users", &body).await });
    }
    let replies = arriving.join_all().await;
    assert_eq!(counted(&replies), BTreeMap::from([((201, ""), 1), ((409, "email-taken"), 29)]));
    server.adds_up();
}

/// Two servers on one database are one shop.
#[tokio::test(flavor = "multi_thread")]
async fn two_servers_sell_the_last_ten_units_once() {
    let server = Server::start();
    let second = server.another();
    let admin = server.admin().await;
    let mug = admin.product("Mug", 1_000, 10).await;
    let mut buying = JoinSet::new();
    for (n, customer) in customers(&server, 60).await.into_iter().enumerate() {
        let customer = if n % 2 == 0 { customer.at(&second) } else { customer };
        let mug = mug.clone();
        buying.spawn(async move { customer.order(&[(&mug, 1)]).await });
    }
    let replies = buying.join_all().await;
    assert_eq!(counted(&replies), BTreeMap::from([((201, ""), 10), ((409, "out-of-stock"), 50)]));
    server.adds_up();
}
