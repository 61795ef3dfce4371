//! Refunds, their previews, and payments that are cancelled.

use serde_json::{Value, json};

use crate::support::{Person, Reply, Server, money};

const NOTHING: &str = "01900000-0000-7000-8000-000000000001";

/// An order of units of a product, paid with points: the ids of its line and of its payment, and its own.
async fn paid(person: &Person, product: &str, quantity: u32) -> (String, String, String) {
    let order = person.order(&[(product, quantity)]).await.is(201);
    let payment = person.pay(order.id()).await.is(201);
    (order.items()[0]["id"].as_str().unwrap().to_owned(), payment.id().to_owned(), order.id().to_owned())
}

fn units(payment: &str, line: &str, quantity: u32) -> Value {
    let items = json!([{ "orderItemId": line, "quantity": quantity }]);
    json!({ "paymentId": payment, "reason": "단순 변심", "items": items })
}

async fn refund(person: &Person, payment: &str, line: &str, quantity: u32) -> Reply {
    person.once("/refunds", &units(payment, line, quantity)).await
}

/// Three units of a line of 10,000 after a coupon, one by one: the amounts add up, and the preview is the refund.
#[tokio::test]
async fn a_refund_gives_back_exactly_what_its_preview_said() {
    let server = Server::start();
    let (admin, minji) = (server.admin().await, server.customer().await);
    let mug = admin.product("Mug", 3_500, 5).await;
    let campaign = admin.campaign(1, json!({ "discount": { "type": "FIXED", "amount": money(500) } })).await;
    let coupon = minji.claim(&campaign).await.is(201);
    minji.charge(50_000).await;
    let grant = json!({ "amount": money(4_000), "expiresAt": "2999-01-01T00:00:00Z", "reason": "x" });
    admin.once(&format!("/users/{}/points/grants", minji.id), &grant).await.is(201);
    let order = minji.order_with(&mug, 3, coupon.id()).await.is(201);
    assert_eq!(order.body["total"], money(10_000));
    let payment = minji.pay(order.id()).await.is(201);
    let line = order.items()[0]["id"].as_str().unwrap();

    for (amount, refunded, status, coupon) in [
        (3_333, 1, "PARTIALLY_REFUNDED", "USED"),
        (3_333, 2, "PARTIALLY_REFUNDED", "USED"),
        (3_334, 3, "REFUNDED", "ISSUED"),
    ] {
        let body = units(payment.id(), line, 1);
        let preview = minji.post("/refunds/preview", &body).await.is(200);
        let made = minji.once("/refunds", &body).await.is(201);
        let items = json!([{ "orderItemId": line, "quantity": 1, "amount": money(amount), "restock": true }]);
        let tenders = json!([{ "method": "POINT", "amount": money(amount) }]);
        let whole = json!({
            "id": made.id(),
            "paymentId": payment.id(),
            "orderId": order.id(),
            "reason": "단순 변심",
            "amount": money(amount),
            "tenders": tenders,
            "items": items,
            "createdAt": made.body["createdAt"],
        });
        assert_eq!(made.body, whole);
        assert_eq!(made.header("location"), Some(format!("/api/v1/refunds/{}", made.id()).as_str()));
        let same = json!({
            "paymentId": payment.id(),
            "amount": money(amount),
            "tenders": tenders,
            "items": items,
        });
        assert_eq!(preview.body, same);
        assert_eq!(minji.get(&format!("/refunds/{}", made.id())).await.is(200).body, whole);
        let order = minji.get(&format!("/orders/{}", order.id())).await.is(200);
        assert_eq!(
            (&order.body["status"], &order.items()[0]["refundedQuantity"]),
            (&json!(status), &json!(refunded))
        );
        let shown = minji.get(&format!("/payments/{}", payment.id())).await.is(200);
        assert_eq!(shown.body["status"], status);
        assert_eq!(shown.body["tenders"][0]["refunded"], shown.body["refunded"]);
        assert_eq!(minji.coupon_statuses().await, [coupon]);
    }
    assert_eq!((minji.stock(&mug).await, minji.balance().await), (5, 54_000));
    let list = minji.get(&format!("/payments/{}/refunds", payment.id())).await.is(200);
    assert_eq!(list.items().len(), 3);
    let history = minji.get("/users/me/points/history").await.is(200);
    let entry = &history.items()[0];
    assert_eq!((&entry["kind"], &entry["orderId"]), (&json!("REFUNDED"), &json!(order.id())));
    server.adds_up();
}

#[tokio::test]
async fn cancelling_a_payment_gives_back_what_is_left() {
    let server = Server::start();
    let (admin, minji) = (server.admin().await, server.customer().await);
    let mug = admin.product("Mug", 1_000, 9).await;
    minji.charge(10_000).await;
    let (line, payment, order) = paid(&minji, &mug, 3).await;
    let path = format!("/payments/{payment}/cancel");
    refund(&minji, &payment, &line, 1).await.is(201);
    let cancelled = minji.keyed_bare(&path, "k").await.is(200);
    assert_eq!(cancelled.body["status"], "REFUNDED");
    let kinds: Vec<_> =
        cancelled.body["events"].as_array().unwrap().iter().map(|event| event["kind"].clone()).collect();
    assert_eq!(kinds, ["REQUESTED", "APPROVED", "PARTIALLY_REFUNDED", "CANCELLED"]);
    let again = minji.keyed_bare(&path, "k").await.is(200);
    assert_eq!((again.header("idempotency-replayed"), &again.text), (Some("true"), &cancelled.text));
    minji.keyed_bare(&path, "other").await.is_problem(409, "payment-not-cancellable");
    refund(&minji, &payment, &line, 1).await.is_problem(409, "refund-exceeds-paid");
    let all = json!({ "paymentId": payment, "reason": "x" });
    minji.post("/refunds/preview", &all).await.is_problem(409, "refund-exceeds-paid");
    // What cost something and is given back cannot be paid again.
    minji.pay(&order).await.is_problem(409, "already-paid");
    assert_eq!((minji.stock(&mug).await, minji.balance().await), (9, 10_000));

    let (_, payment, _) = paid(&minji, &mug, 2).await;
    // An administrator cancels what is anybody's.
    let cancelled = admin.keyed_bare(&format!("/payments/{payment}/cancel"), "k").await.is(200);
    assert_eq!(
        (&cancelled.body["status"], &cancelled.body["refunded"]),
        (&json!("CANCELLED"), &money(2_000))
    );
    let list = minji.get(&format!("/payments/{payment}/refunds")).await.is(200);
    assert_eq!(list.items()[0]["reason"], "payment cancelled");
    server.adds_up();
}

#[tokio::test]
async fn every_field_of_a_refund_at_fault_is_named() {
    let server = Server::start();
    let (admin, minji) = (server.admin().await, server.customer().await);
    let mug = admin.product("Mug", 1_000, 5).await;
    minji.charge(10_000).await;
    let (line, payment, _) = paid(&minji, &mug, 2).await;
    let item = |line: &str, quantity: Value| json!({ "orderItemId": line, "quantity": quantity });
    let with = |items: Value| json!({ "paymentId": payment, "reason": "x", "items": items });
    let reason = |reason: &str| json!({ "paymentId": payment, "reason": reason });
    let cases = [
        (json!({ "paymentId": "x", "reason": "x" }), vec!["/paymentId"]),
        (json!({ "paymentId": payment }), vec!["/reason"]),
        (reason(" "), vec!["/reason"]),
        (reason(&"x".repeat(501)), vec!["/reason"]),
        (reason("\u{0}"), vec!["/reason"]),
        (with(json!([])), vec!["/items"]),
        (with(json!([item(&line, json!(0))])), vec!["/items/0/quantity"]),
        (with(json!([item(&line, json!(1)), item(&line, json!(-1))])), vec!["/items/1/quantity"]),
        (with(json!([item("x", json!(i64::MAX))])), vec!["/items/0/orderItemId", "/items/0/quantity"]),
        (with(json!([item(&line, json!(1)), item(NOTHING, json!(1))])), vec!["/items/1/orderItemId"]),
        (json!({ "paymentId": payment, "reason": "x", "amount": money(1) }), vec!["/amount"]),
    ];
    for (body, pointers) in cases {
        minji.once("/refunds", &body).await.is_invalid(&pointers);
        minji.post("/refunds/preview", &body).await.is_invalid(&pointers);
    }
    for body in
        [with(json!([item(&line, json!(3))])), with(json!([item(&line, json!(2)), item(&line, json!(1))]))]
    {
        minji.once("/refunds", &body).await.is_problem(409, "refund-exceeds-paid");
    }
    let nothing = json!({ "paymentId": NOTHING, "reason": "x" });
    minji.once("/refunds", &nothing).await.is_problem(404, "not-found");
    minji.post("/refunds/preview", &nothing).await.is_problem(404, "not-found");
    minji.get(&format!("/refunds/{NOTHING}")).await.is_problem(404, "not-found");
    minji.get(&format!("/payments/{NOTHING}/refunds")).await.is_problem(404, "not-found");
    minji.keyed_bare(&format!("/payments/{NOTHING}/cancel"), "k").await.is_problem(404, "not-found");
    assert_eq!((minji.stock(&mug).await, minji.balance().await), (3, 8_000));
}

#[tokio::test]
async fn only_an_administrator_keeps_refunded_units_out_of_the_stock() {
    let server = Server::start();
    let (admin, minji) = (server.admin().await, server.customer().await);
    let mug = admin.product("Mug", 1_000, 5).await;
    minji.charge(10_000).await;
    let (line, payment, _) = paid(&minji, &mug, 2).await;
    let broken = json!([{ "orderItemId": line, "quantity": 1, "restock": false }]);
    let body = json!({ "paymentId": payment, "reason": "broken", "items": broken });
    minji.once("/refunds", &body).await.is_problem(403, "forbidden");
    minji.post("/refunds/preview", &body).await.is_problem(403, "forbidden");
    let made = admin.once("/refunds", &body).await.is(201);
    assert_eq!(made.items()[0]["restock"], false);
    assert_eq!((minji.stock(&mug).await, minji.balance().await), (3, 9_000));
    let (line, payment, _) = paid(&minji, &mug, 2).await;
    // Units of a line that go different ways are told apart.
    let both = json!([
        { "orderItemId": line, "quantity": 1 },
        { "orderItemId": line, "quantity": 1, "restock": false },
    ]);
    let made = admin.once("/refunds", &json!({ "paymentId": payment, "reason": "x", "items": both })).await;
    let restocked: Vec<_> = made.is(201).items().iter().map(|item| item["restock"].clone()).collect();
    assert_eq!(restocked, [true, false]);
    assert_eq!((minji.stock(&mug).await, minji.balance().await), (2, 9_000));
    server.adds_up();
}

/// Hard case 7: refunds that fit alone, not together, in real requests at once.
#[tokio::test]
async fn hard_case_7_of_many_refunds_at_once_only_those_that_fit_are_made() {
    let server = Server::start();
    let (admin, minji) = (server.admin().await, server.customer().await);
    let mug = admin.product("Mug", 333, 5).await;
    minji.charge(10_000).await;
    let (line, payment, _) = paid(&minji, &mug, 5).await;
    let at_once = (0..10).map(|_| {
        let (minji, body) = (minji.clone(), units(&payment, &line, 2));
        tokio::spawn(async move { minji.once("/refunds", &body).await })
    });
    let mut made = 0;
    for reply in at_once.collect::<Vec<_>>() {
        let reply = reply.await.unwrap();
        if reply.status == 201 {
            made += 1;
        } else {
            reply.is_problem(409, "refund-exceeds-paid");
        }
    }
    assert_eq!((made, minji.stock(&mug).await), (2, 4));
    assert_eq!(minji.balance().await, 10_000 - 333);
    server.adds_up();
}

/// Hard case 3, from its end: an order of nothing.
#[tokio::test]
async fn hard_case_3_what_cost_nothing_is_refunded_by_its_units() {
    let server = Server::start();
    let (admin, minji) = (server.admin().await, server.customer().await);
    let sticker = admin.product("Sticker", 0, 5).await;
    let order = minji.order(&[(&sticker, 2)]).await.is(201);
    assert_eq!(order.body["status"], "PAID");
    let payments = minji.get(&format!("/orders/{}/payments", order.id())).await.is(200);
    let payment = payments.items()[0]["id"].as_str().unwrap().to_owned();
    let made = refund(&minji, &payment, order.items()[0]["id"].as_str().unwrap(), 1).await.is(201);
    assert_eq!((&made.body["amount"], &made.body["tenders"]), (&money(0), &json!([])));
    assert_eq!(minji.stock(&sticker).await, 4);
    minji.keyed_bare(&format!("/payments/{payment}/cancel"), "k").await.is(200);
    let order = minji.get(&format!("/orders/{}", order.id())).await.is(200);
    assert_eq!((&order.body["status"], minji.stock(&sticker).await), (&json!("REFUNDED"), 5));
    server.adds_up();
}
