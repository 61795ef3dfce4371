//! Idempotency keys: the same request again gets the same answer, and has no second effect.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Person, Reply, Server, money};

/// Sends a request twice, and once more written differently; gives the first answer.
async fn twice(person: &Person, path: &str, key: &str, body: &Value) -> Reply {
    let first = person.keyed(path, key, body).await.is(201);
    assert_eq!(first.header("idempotency-replayed"), None);
    let spaced = serde_json::to_string_pretty(body).unwrap();
    let request = person.request(Method::POST, path).header("Idempotency-Key", key);
    let rewritten = request.header("Content-Type", "application/json").body(spaced);
    for again in [person.keyed(path, key, body).await, person.send(rewritten).await] {
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        assert_eq!((again.status, &again.text), (201, &first.text));
        assert_eq!(again.header("location"), first.header("location"));
        assert_eq!(again.header("content-type"), first.header("content-type"));
    }
    first
}

#[tokio::test]
async fn every_keyed_request_takes_effect_once() {
    let server = Server::start();
    let (admin, minji) = (server.admin().await, server.customer().await);
    let mug = admin.product("Mug", 1_000, 5).await;
    twice(&admin, &format!("/products/{mug}/stock-adjustments"), "a", &json!({ "delta": 5, "reason": "x" }))
        .await;
    assert_eq!(admin.stock(&mug).await, 10);
    twice(&minji, "/users/me/points/charges", "a", &json!({ "amount": money(5_000) })).await;
    let grant = json!({ "amount": money(500), "expiresAt": "2999-01-01T00:00:00Z", "reason": "x" });
    twice(&admin, &format!("/users/{}/points/grants", minji.id), "b", &grant).await;
    assert_eq!(minji.balance().await, 5_500);
    let body = json!({ "items": [{ "productId": mug, "quantity": 2 }] });
    let order = twice(&minji, "/orders", "b", &body).await;
    assert_eq!(admin.stock(&mug).await, 8);
    let payment = twice(&minji, "/payments", "c", &json!({ "orderId": order.id() })).await;
    assert_eq!(minji.balance().await, 3_500);
    let items = json!([{ "orderItemId": order.items()[0]["id"], "quantity": 1 }]);
    let refund = json!({ "paymentId": payment.id(), "reason": "x", "items": items });
    twice(&minji, "/refunds", "d", &refund).await;
    assert_eq!((minji.balance().await, admin.stock(&mug).await), (4_500, 9));
    // A replay wins over any state: the order is paid by now, and its answer is still the first.
    let again = minji.keyed("/orders", "b", &body).await.is(201);
    assert_eq!(again.body["status"], "PENDING_PAYMENT");
}

#[tokio::test]
async fn a_key_stands_for_one_request() {
    let server = Server::start();
    let (admin, minji) = (server.admin().await, server.customer().await);
    let mug = admin.product("Mug", 1_000, 5).await;
    let path = "/users/me/points/charges";
    minji.keyed(path, "k", &json!({ "amount": money(1_000) })).await.is(201);
    minji
        .keyed(path, "k", &json!({ "amount": money(2_000) }))
        .await
        .is_problem(422, "idempotency-key-reused");
    let by_id = format!("/users/{}/points/charges", minji.id);
    minji
        .keyed(&by_id, "k", &json!({ "amount": money(1_000) }))
        .await
        .is_problem(422, "idempotency-key-reused");
    let order = json!({ "items": [{ "productId": mug, "quantity": 1 }] });
    minji.keyed("/orders", "k", &order).await.is_problem(422, "idempotency-key-reused");
    assert_eq!(minji.balance().await, 1_000);
    // Keys of two users never meet (hard case 17).
    let junho = server.customer().await;
    let fresh = junho.keyed(path, "k", &json!({ "amount": money(2_000) })).await.is(201);
    assert_eq!(fresh.header("idempotency-replayed"), None);
}

#[tokio::test]
async fn a_refusal_does_not_use_the_key_up() {
    let server = Server::start();
    let (admin, minji) = (server.admin().await, server.customer().await);
    let mug = admin.product("Mug", 1_000, 1).await;
    let order = minji.order(&[(&mug, 1)]).await.is(201);
    let pay = json!({ "orderId": order.id() });
    minji.keyed("/payments", "k", &pay).await.is_problem(409, "insufficient-points");
    minji.charge(1_000).await;
    let paid = minji.keyed("/payments", "k", &pay).await.is(201);
    assert_eq!(paid.header("idempotency-replayed"), None);
}

#[tokio::test]
async fn an_answer_outlives_the_server() {
    let mut server = Server::start();
    let minji = server.customer().await;
    let charge = json!({ "amount": money(1_000) });
    let first = minji.keyed("/users/me/points/charges", "k", &charge).await.is(201);
    assert!(server.stop().success());
    let server = server.another();
    let again = minji.at(&server).keyed("/users/me/points/charges", "k", &charge).await.is(201);
    assert_eq!((again.header("idempotency-replayed"), &again.text), (Some("true"), &first.text));
}
