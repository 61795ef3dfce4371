//! Hard cases of the requirements that are about one request or two, as a client meets them. The others are with what
//! they are about: races, retries, crashes.

use serde_json::json;

use crate::support::{Server, money};

/// Hard case 1: the same product twice in an order.
#[tokio::test]
async fn hard_case_1_the_same_product_twice_is_one_line_and_one_demand() {
    let server = Server::start();
    let (admin, minji) = (server.admin().await, server.customer().await);
    let mug = admin.product("Mug", 1_000, 3).await;
    // Each alone would be there.
    minji.order(&[(&mug, 2), (&mug, 2)]).await.is_problem(409, "out-of-stock");
    let order = minji.order(&[(&mug, 1), (&mug, 2)]).await.is(201);
    assert_eq!((order.items().len(), &order.items()[0]["quantity"]), (1, &json!(3)));
    assert_eq!((&order.body["total"], minji.stock(&mug).await), (&money(3_000), 0));
    server.adds_up();
}

/// Hard cases 2 and 3: a coupon larger than its base, and so a total of zero.
#[tokio::test]
async fn hard_cases_2_and_3_a_coupon_larger_than_the_order_leaves_nothing_to_pay() {
    let server = Server::start();
    let (admin, minji) = (server.admin().await, server.customer().await);
    let tea = admin.product("Tea", 400, 5).await;
    let coupon = minji.claim(&admin.campaign(1, json!({})).await).await.is(201).id().to_owned();
    let order = minji.order_with(&tea, 2, &coupon).await.is(201);
    assert_eq!((&order.body["discount"], &order.body["total"]), (&money(800), &money(0)));
    assert_eq!(order.body["status"], "PAID");
    let payments = minji.get(&format!("/orders/{}/payments", order.id())).await.is(200);
    assert_eq!(payments.items().len(), 1);
    assert_eq!((&payments.items()[0]["amount"], &payments.items()[0]["tenders"]), (&money(0), &json!([])));
    minji.pay(order.id()).await.is_problem(409, "already-paid");
    assert_eq!(minji.balance().await, 0);
    server.adds_up();
}

/// Hard case 4: a percentage under one won a line.
#[tokio::test]
async fn hard_case_4_a_percentage_counts_of_the_order_and_not_of_each_line() {
    let server = Server::start();
    let (admin, minji) = (server.admin().await, server.customer().await);
    let (tea, cup) = (admin.product("Tea", 60, 5).await, admin.product("Cup", 50, 5).await);
    let percent = json!({ "discount": { "type": "PERCENT", "basisPoints": 100 } });
    let coupon = minji.claim(&admin.campaign(1, percent).await).await.is(201).id().to_owned();
    // Of one line it is nothing, and the coupon is not wasted on it.
    minji.order_with(&tea, 1, &coupon).await.is_problem(409, "coupon-not-usable");
    let items = json!([{ "productId": cup, "quantity": 1 }, { "productId": tea, "quantity": 1 }]);
    let order = minji.once("/orders", &json!({ "items": items, "issuedCouponId": coupon })).await.is(201);
    assert_eq!(order.body["total"], money(109));
    let discounts: Vec<_> = order.items().iter().map(|line| &line["discount"]).collect();
    assert_eq!(discounts, [&money(0), &money(1)], "the larger rest gets the won");
    server.adds_up();
}

/// Hard case 13: the price is edited between quote and place.
#[tokio::test]
async fn hard_case_13_a_price_that_was_edited_is_told_and_nothing_happens() {
    let server = Server::start();
    let (admin, minji) = (server.admin().await, server.customer().await);
    let mug = admin.product("Mug", 12_000, 5).await;
    let coupon = minji.claim(&admin.campaign(1, json!({})).await).await.is(201).id().to_owned();
    let order = |total| {
        json!({
            "items": [{ "productId": mug, "quantity": 2 }],
            "issuedCouponId": coupon,
            "expectedTotal": money(total),
        })
    };
    let path = format!("/products/{mug}");
    admin.patch(&path, &json!({ "price": money(13_000) })).await.is(200);
    minji.keyed("/orders", "k", &order(23_000)).await.is_problem(409, "price-changed");
    assert_eq!((minji.stock(&mug).await, minji.coupon_statuses().await), (5, vec!["ISSUED".to_owned()]));
    // A refusal uses no key up, but a new total is a new request.
    let placed = minji.keyed("/orders", "k", &order(25_000)).await.is(201);
    assert_eq!(placed.body["total"], money(25_000));
    // What was agreed stays so.
    admin.patch(&path, &json!({ "price": money(1), "name": "Cup" })).await.is(200);
    let again = minji.get(&format!("/orders/{}", placed.id())).await.is(200);
    assert_eq!(again.body["items"], placed.body["items"]);
    server.adds_up();
}

/// Hard case 17: an idempotency key reused with another body, and by another user.
#[tokio::test]
async fn hard_case_17_a_key_stands_for_one_request_of_one_user() {
    let server = Server::start();
    let (admin, minji, junho) = (server.admin().await, server.customer().await, server.customer().await);
    let mug = admin.product("Mug", 1_000, 10).await;
    let order = |quantity| json!({ "items": [{ "productId": mug, "quantity": quantity }] });
    let first = minji.keyed("/orders", "k", &order(1)).await.is(201);
    minji.keyed("/orders", "k", &order(2)).await.is_problem(422, "idempotency-key-reused");
    let others = junho.keyed("/orders", "k", &order(1)).await.is(201);
    assert_eq!(others.header("idempotency-replayed"), None);
    assert_eq!((&others.body["userId"], others.id() == first.id()), (&json!(junho.id), false));
    let again = minji.keyed("/orders", "k", &order(1)).await.is(201);
    assert_eq!((again.header("idempotency-replayed"), &again.text), (Some("true"), &first.text));
    assert_eq!(minji.stock(&mug).await, 8);
    server.adds_up();
}

/// Hard case 20: amounts at the edges. No order within bounds comes near the edge of i64, and what is out of bounds does
/// not get in.
#[tokio::test]
async fn hard_case_20_the_dearest_order_is_exact_to_the_won() {
    let server = Server::start();
    let (admin, minji) = (server.admin().await, server.customer().await);
    let mut items = Vec::new();
    for n in 0..100 {
        let product = admin.product(&format!("Jade {n}"), 1_000_000_000_000 - n, 1_000_000_000).await;
        items.push(json!({ "productId": product, "quantity": 999 }));
    }
    let total = (0..100).map(|n| (1_000_000_000_000 - n) * 999).sum::<i64>();
    let percent = json!({ "discount": { "type": "PERCENT", "basisPoints": 9_999 } });
    let coupon = minji.claim(&admin.campaign(1, percent).await).await.is(201).id().to_owned();
    let order = minji.once("/orders", &json!({ "items": items, "issuedCouponId": coupon })).await.is(201);
    let discount = i64::try_from(i128::from(total) * 9_999 / 10_000).unwrap();
    assert_eq!((&order.body["gross"], &order.body["discount"]), (&money(total), &money(discount)));
    let amount = |line: &serde_json::Value, field: &str| line[field]["amount"].as_i64().unwrap();
    let shares: i64 = order.items().iter().map(|line| amount(line, "discount")).sum();
    assert_eq!((shares, amount(&order.body, "total")), (discount, total - discount));
    minji.pay(order.id()).await.is_problem(409, "insufficient-points");
    for beyond in [i64::MIN, -1, 1_000_000_000_001, i64::MAX] {
        let body = json!({ "name": "Jade", "price": money(beyond), "stock": 1 });
        admin.post("/products", &body).await.is_invalid(&["/price/amount"]);
    }
    for beyond in [i64::MIN, -1, 0, 10_000_001, i64::MAX] {
        let charge = minji.once("/users/me/points/charges", &json!({ "amount": money(beyond) })).await;
        charge.is_invalid(&["/amount/amount"]);
    }
    server.adds_up();
}
