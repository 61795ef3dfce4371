//! Points, orders and payments.

use serde_json::{Value, json};

use crate::support::{Server, money};

#[tokio::test]
async fn from_points_to_a_paid_order() {
    let server = Server::start();
    let (admin, minji) = (server.admin().await, server.customer().await);
    let (mug, tea) = (admin.product("Mug", 12_000, 5).await, admin.product("Tea", 7_000, 1).await);
    let charged = minji.charge(50_000).await;
    assert_eq!(
        charged.body,
        json!({
            "id": charged.id(),
            "userId": minji.id,
            "kind": "CHARGED",
            "amount": money(50_000),
            "balance": money(50_000),
            "createdAt": charged.body["createdAt"],
        })
    );

    let body = json!({
        "items": [
            { "productId": mug, "quantity": 1 },
            { "productId": tea, "quantity": 1 },
            { "productId": mug, "quantity": 1 },
        ],
        "expectedTotal": money(31_000),
    });
    let order = minji.once("/orders", &body).await.is(201);
    assert_eq!(order.body["status"], "PENDING_PAYMENT");
    assert_eq!(
        (&order.body["gross"], &order.body["discount"], &order.body["total"]),
        (&money(31_000), &money(0), &money(31_000))
    );
    for null in ["issuedCouponId", "paidAt", "cancelledAt"] {
        assert!(order.body.get(null).is_some_and(Value::is_null), "{null}: {}", order.text);
    }
    let items = order.items();
    assert_eq!(items.len(), 2, "the same product twice is one line");
    assert_eq!(
        items[0],
        json!({
            "id": items[0]["id"],
            "productId": mug,
            "productName": "Mug",
            "unitPrice": money(12_000),
            "quantity": 2,
            "gross": money(24_000),
            "discount": money(0),
            "net": money(24_000),
            "refundedQuantity": 0,
        })
    );
    assert_eq!(minji.stock(&mug).await, 3);

    let payment = minji.pay(order.id()).await.is(201);
    assert_eq!(payment.header("location"), Some(format!("/api/v1/payments/{}", payment.id()).as_str()));
    let instant = &payment.body["createdAt"];
    assert_eq!(
        payment.body,
        json!({
            "id": payment.id(),
            "orderId": order.id(),
            "status": "COMPLETED",
            "amount": money(31_000),
            "refunded": money(0),
            "tenders": [{ "method": "POINT", "amount": money(31_000), "refunded": money(0) }],
            "events": [
                { "sequence": 1, "kind": "REQUESTED", "amount": money(31_000), "createdAt": instant },
                { "sequence": 2, "kind": "APPROVED", "amount": money(31_000), "createdAt": instant },
            ],
            "createdAt": instant,
        })
    );
    assert_eq!(minji.get(&format!("/payments/{}", payment.id())).await.is(200).body, payment.body);
    let payments = minji.get(&format!("/orders/{}/payments", order.id())).await.is(200);
    assert_eq!(payments.body, json!({ "items": [payment.body], "nextCursor": null }));
    let order = minji.get(&format!("/orders/{}", order.id())).await.is(200);
    assert_eq!((&order.body["status"], &order.body["paidAt"]), (&json!("PAID"), instant));
    assert_eq!(minji.balance().await, 19_000);
    minji.pay(order.id()).await.is_problem(409, "already-paid");

    let history = minji.get("/users/me/points/history").await.is(200);
    assert_eq!(
        history.items()[0],
        json!({
            "id": history.items()[0]["id"],
            "kind": "SPENT",
            "amount": money(-31_000),
            "balance": money(19_000),
            "orderId": order.id(),
            "createdAt": instant,
        })
    );
    assert_eq!(
        (&history.items()[1]["kind"], &history.items()[1]["orderId"]),
        (&json!("CHARGED"), &json!(null))
    );
}

#[tokio::test]
async fn an_order_is_refused_for_the_first_reason_that_holds() {
    let server = Server::start();
    let (admin, minji) = (server.admin().await, server.customer().await);
    let (mug, off) = (admin.product("Mug", 12_000, 2).await, admin.product("Off", 1, 5).await);
    admin.patch(&format!("/products/{off}"), &json!({ "status": "SUSPENDED" })).await.is(200);
    let coupon = "01900000-0000-7000-8000-000000000009";
    let order = |items: Value, coupon: Value, total: i64| json!({ "items": items, "issuedCouponId": coupon, "expectedTotal": money(total) });
    let item = |product: &str, quantity: i64| json!({ "productId": product, "quantity": quantity });

    let all_wrong = order(json!([item(&mug, 3), item(&off, 1)]), json!(coupon), 1);
    minji.once("/orders", &all_wrong).await.is_problem(409, "product-not-on-sale");
    let body = order(json!([item(&mug, 3)]), json!(coupon), 1);
    minji.once("/orders", &body).await.is_problem(409, "out-of-stock");
    minji
        .once("/orders", &order(json!([item(&mug, 2)]), json!(coupon), 1))
        .await
        .is_problem(409, "coupon-not-usable");
    minji
        .once("/orders", &order(json!([item(&mug, 2)]), json!(null), 1))
        .await
        .is_problem(409, "price-changed");
    let unknown = "01900000-0000-7000-8000-000000000001";
    let body = order(json!([item(&off, 1), item(unknown, 1)]), json!(null), 1);
    minji.once("/orders", &body).await.is_invalid(&["/items/1/productId"]);
    assert_eq!(minji.stock(&mug).await, 2);
    minji.once("/orders", &order(json!([item(&mug, 2)]), json!(null), 24_000)).await.is(201);
    assert_eq!(minji.stock(&mug).await, 0);
}

#[tokio::test]
async fn an_order_has_bounds() {
    let server = Server::start();
    let (admin, minji) = (server.admin().await, server.customer().await);
    let mug = admin.product("Mug", 1, 1_000_000).await;
    let order = async |items: Value| minji.once("/orders", &json!({ "items": items })).await;
    let item = |quantity: i64| json!({ "productId": mug, "quantity": quantity });
    order(json!([])).await.is_invalid(&["/items"]);
    order(json!(vec![item(1); 101])).await.is_invalid(&["/items"]);
    order(json!([item(1), item(0)])).await.is_invalid(&["/items/1/quantity"]);
    order(json!([item(-1), item(1_000)])).await.is_invalid(&["/items/0/quantity", "/items/1/quantity"]);
    order(json!([item(600), item(400)])).await.is_invalid(&["/items/1/quantity"]);
    order(json!([{ "productId": "x", "quantity": 0 }]))
        .await
        .is_invalid(&["/items/0/productId", "/items/0/quantity"]);
    order(json!(vec![item(9); 100])).await.is(201);
}

#[tokio::test]
async fn an_unpaid_order_is_cancelled_once() {
    let server = Server::start();
    let (admin, minji) = (server.admin().await, server.customer().await);
    let mug = admin.product("Mug", 12_000, 5).await;
    let order = minji.order(&[(&mug, 2)]).await.is(201).id().to_owned();
    let path = format!("/orders/{order}/cancel");
    let cancelled = minji.post(&path, &json!(null)).await.is(200);
    assert_eq!(cancelled.body["status"], "CANCELLED");
    assert!(cancelled.body["cancelledAt"].is_string());
    assert_eq!(minji.stock(&mug).await, 5);
    let again = minji.send(minji.request(reqwest::Method::POST, &path)).await.is(200);
    assert_eq!((again.body.clone(), again.tag()), (cancelled.body.clone(), cancelled.tag()));
    assert_eq!(minji.stock(&mug).await, 5);
    minji.pay(&order).await.is_problem(409, "order-not-payable");

    minji.charge(50_000).await;
    let paid = minji.order(&[(&mug, 1)]).await.is(201).id().to_owned();
    minji.pay(&paid).await.is(201);
    minji.post(&format!("/orders/{paid}/cancel"), &json!({})).await.is_problem(409, "order-not-cancellable");
}

#[tokio::test]
async fn a_payment_is_exact_and_covered() {
    let server = Server::start();
    let (admin, minji) = (server.admin().await, server.customer().await);
    let mug = admin.product("Mug", 12_000, 5).await;
    let order = minji.order(&[(&mug, 1)]).await.is(201).id().to_owned();
    let pay = async |tenders: Value| {
        minji.once("/payments", &json!({ "orderId": order, "tenders": tenders })).await
    };
    let point = |amount: i64| json!({ "method": "POINT", "amount": money(amount) });
    let card = json!({ "method": "CARD", "amount": money(12_000), "token": "tok" });

    pay(json!([])).await.is_invalid(&["/tenders"]);
    pay(json!([point(0)])).await.is_invalid(&["/tenders/0/amount/amount"]);
    pay(json!([point(1), point(2)])).await.is_invalid(&["/tenders/1/method"]);
    pay(json!([{ "method": "POINT", "amount": money(1), "token": "t" }]))
        .await
        .is_invalid(&["/tenders/0/token"]);
    pay(json!([{ "method": "CASH", "amount": money(1) }])).await.is_invalid(&["/tenders/0/method"]);
    pay(json!([{ "method": "POINT", "amount": { "amount": 1, "currency": "USD" } }]))
        .await
        .is_invalid(&["/tenders/0/amount/currency"]);
    pay(json!([point(1), card])).await.is_invalid(&["/tenders/1/method"]);
    pay(json!([point(11_999)])).await.is_problem(409, "amount-mismatch");
    pay(json!([point(i64::MAX)])).await.is_problem(409, "amount-mismatch");
    pay(json!([point(12_000)])).await.is_problem(409, "insufficient-points");
    minji.pay(&order).await.is_problem(409, "insufficient-points");
    minji.charge(12_000).await;
    pay(json!([point(12_000)])).await.is(201);
    assert_eq!(minji.balance().await, 0);
    minji.pay("01900000-0000-7000-8000-000000000001").await.is_problem(404, "not-found");
    minji.pay("x").await.is_invalid(&["/orderId"]);
}

#[tokio::test]
async fn an_order_of_nothing_is_paid_when_it_is_placed() {
    let server = Server::start();
    let (admin, minji) = (server.admin().await, server.customer().await);
    let sample = admin.product("Sample", 0, 5).await;
    let order = minji.order(&[(&sample, 1)]).await.is(201);
    assert_eq!((&order.body["status"], &order.body["total"]), (&json!("PAID"), &money(0)));
    let payments = minji.get(&format!("/orders/{}/payments", order.id())).await.is(200);
    assert_eq!(
        (&payments.items()[0]["status"], &payments.items()[0]["tenders"]),
        (&json!("COMPLETED"), &json!([]))
    );
    minji.pay(order.id()).await.is_problem(409, "already-paid");
}

#[tokio::test]
async fn an_order_past_its_time_cannot_be_paid() {
    let server = Server::with(&[("JANGTEO__ORDERS__UNPAID_EXPIRY", "1s")]);
    let (admin, minji) = (server.admin().await, server.customer().await);
    let mug = admin.product("Mug", 12_000, 5).await;
    let order = minji.order(&[(&mug, 1)]).await.is(201).id().to_owned();
    // Without points the refusal tells whether the order could be paid; once its time is up, it cannot.
    loop {
        let refused = minji.pay(&order).await;
        if refused.body["code"] != "insufficient-points" {
            refused.is_problem(409, "order-not-payable");
            break;
        }
    }
}

#[tokio::test]
async fn an_unpaid_order_expires_by_itself_and_gives_its_units_back() {
    let server = Server::with(&[("JANGTEO__ORDERS__UNPAID_EXPIRY", "1s")]);
    let (admin, minji) = (server.admin().await, server.customer().await);
    let mug = admin.product("Mug", 12_000, 5).await;
    let order = minji.order(&[(&mug, 2)]).await.is(201).id().to_owned();
    assert_eq!(admin.stock(&mug).await, 3);
    let path = format!("/orders/{order}");
    let mut seen = minji.get(&path).await.is(200);
    while seen.body["status"] == "PENDING_PAYMENT" {
        seen = minji.get(&path).await.is(200);
    }
    assert_eq!(seen.body["status"], "EXPIRED");
    assert_eq!((&seen.body["paidAt"], &seen.body["cancelledAt"]), (&json!(null), &json!(null)));
    assert_eq!(admin.stock(&mug).await, 5);
    minji.once(&format!("{path}/cancel"), &json!({})).await.is_problem(409, "order-not-cancellable");
    assert_eq!(minji.get("/orders?status=EXPIRED").await.is(200).items().len(), 1);
}

#[tokio::test]
async fn points_are_charged_and_granted_within_their_limits() {
    let server = Server::with(&[("JANGTEO__POINTS__MAX_BALANCE", "20000")]);
    let (admin, minji) = (server.admin().await, server.customer().await);
    let charge =
        async |amount: i64| minji.once("/users/me/points/charges", &json!({ "amount": money(amount) })).await;
    for bad in [999, 10_000_001, 0, -1, i64::MIN, i64::MAX] {
        charge(bad).await.is_invalid(&["/amount/amount"]);
    }
    charge(15_000).await.is(201);
    charge(5_001).await.is_problem(409, "point-limit-exceeded");

    let path = format!("/users/{}/points/grants", minji.id);
    let grant = |amount: i64, expires_at: &str| json!({ "amount": money(amount), "expiresAt": expires_at, "reason": "sorry" });
    let granted = admin.once(&path, &grant(3_000, "2999-01-01T09:00:00.0009+09:00")).await.is(201);
    assert_eq!((&granted.body["kind"], &granted.body["balance"]), (&json!("GRANTED"), &money(18_000)));
    admin.once(&path, &grant(3_000, "2999-01-01T00:00:00Z")).await.is_problem(409, "point-limit-exceeded");
    admin.once(&path, &grant(1, "2000-01-01T00:00:00Z")).await.is_invalid(&["/expiresAt"]);
    admin.once(&path, &grant(0, "tomorrow")).await.is_invalid(&["/amount/amount", "/expiresAt"]);
    let body = json!({ "amount": money(1), "expiresAt": "2999-01-01T00:00:00Z", "reason": " " });
    admin.once(&path, &body).await.is_invalid(&["/reason"]);
    let account = minji.get("/users/me/points").await.is(200);
    assert_eq!(
        account.body["expiringNext"],
        json!({ "amount": money(3_000), "expiresAt": "2999-01-01T00:00:00.000Z" })
    );
    let nobody = "/users/01900000-0000-7000-8000-000000000001/points/grants";
    admin.once(nobody, &grant(1, "2999-01-01T00:00:00Z")).await.is_problem(404, "not-found");
}
