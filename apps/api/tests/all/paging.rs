//! Lists, page by page.

use serde_json::{Value, json};

use crate::support::{Api, Server};

/// All items of a list, fetched with this limit.
async fn walk(api: &Api, path: &str, limit: usize) -> Vec<Value> {
    let join = if path.contains('?') { '&' } else { '?' };
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = api.get(&format!("{path}{join}limit={limit}{cursor}")).await.is(200);
        assert_eq!(page.body.as_object().unwrap().len(), 2);
        assert!(page.items().len() <= limit);
        items.extend_from_slice(page.items());
        match page.body["nextCursor"].as_str() {
            Some(next) => {
                assert_eq!(page.items().len(), limit, "a page that is not the last is full");
                cursor = format!("&cursor={next}");
            }
            None => return items,
        }
    }
}

#[tokio::test]
async fn every_list_is_the_same_in_pages_of_any_size() {
    let server = Server::start();
    let (admin, minji) = (server.admin().await, server.customer().await);
    let mut products = Vec::new();
    for n in 0..7 {
        // Equal prices and equal names: ids break the ties.
        products.push(admin.product(&format!("Mug {}", n % 2), 1_000 * (n % 3), 50).await);
        minji.charge(1_000 + n).await;
    }
    for product in &products {
        minji.order(&[(product, 1)]).await.is(201);
        server.customer().await;
        let coupon = minji.claim(&admin.campaign(9, json!({})).await).await.is(201);
        if product == &products[1] {
            minji.order_with(product, 1, coupon.id()).await.is(201);
        }
    }
    let lists: [(&Api, &str, usize); 15] = [
        (&admin, "/products", 7),
        (&admin, "/products?sort=newest&q=mug", 7),
        (&admin, "/products?sort=price-asc", 7),
        (&admin, "/products?sort=price-desc", 7),
        (&admin, "/products?sort=name", 7),
        (&admin, "/products?sort=name&q=mug%201", 3),
        (&admin, "/coupons", 7),
        (&minji, "/users/me/coupons", 7),
        (&minji, "/users/me/coupons?status=ISSUED", 6),
        (&minji, "/orders", 8),
        (&minji, "/orders?status=PENDING_PAYMENT", 4),
        (&minji, "/users/me/points/history", 7),
        (&admin, "/admin/orders", 8),
        (&admin, "/admin/users", 9),
        (&admin, "/admin/users?role=CUSTOMER", 8),
    ];
    for (api, path, count) in lists {
        let whole = walk(api, path, 100).await;
        assert_eq!(whole.len(), count, "{path}");
        for limit in [1, 2, 3] {
            assert_eq!(walk(api, path, limit).await, whole, "{path} in pages of {limit}");
        }
    }
    let history = walk(&minji, "/users/me/points/history", 3).await;
    let balances: Vec<_> = history.iter().map(|entry| entry["balance"]["amount"].as_i64().unwrap()).collect();
    assert!(balances.is_sorted_by(|a, b| a > b), "newest first: {balances:?}");
}

#[tokio::test]
async fn refunds_of_a_payment_come_in_pages_of_any_size() {
    let server = Server::start();
    let (admin, minji) = (server.admin().await, server.customer().await);
    let mug = admin.product("Mug", 1_000, 9).await;
    minji.charge(9_000).await;
    let order = minji.order(&[(&mug, 5)]).await.is(201);
    let payment = minji.pay(order.id()).await.is(201);
    let items = json!([{ "orderItemId": order.items()[0]["id"], "quantity": 1 }]);
    for _ in 0..5 {
        let body = json!({ "paymentId": payment.id(), "reason": "x", "items": items });
        minji.once("/refunds", &body).await.is(201);
    }
    let path = format!("/payments/{}/refunds", payment.id());
    let whole = walk(&minji, &path, 100).await;
    assert_eq!(whole.len(), 5);
    for limit in [1, 2, 3] {
        assert_eq!(walk(&minji, &path, limit).await, whole, "in pages of {limit}");
    }
}

#[tokio::test]
async fn a_list_has_twenty_items_unless_told() {
    let server = Server::start();
    let admin = server.admin().await;
    for n in 0..21 {
        admin.product(&format!("Mug {n}"), 1, 1).await;
    }
    let page = server.api().get("/products").await.is(200);
    assert_eq!(page.items().len(), 20);
    assert!(page.body["nextCursor"].is_string());
    let page = server.api().get("/products?limit=21").await.is(200);
    assert_eq!((page.items().len(), &page.body["nextCursor"]), (21, &json!(null)));
}

#[tokio::test]
async fn a_cursor_belongs_to_its_list_its_filters_and_its_owner() {
    let (server, elsewhere) = (Server::start(), Server::start());
    let (admin, minji, junho) = (server.admin().await, server.customer().await, server.customer().await);
    let mut products = Vec::new();
    for name in ["A", "B", "C"] {
        products.push(admin.product(name, 1, 50).await);
    }
    let cursor = async |api: &Api, path: &str| {
        let join = if path.contains('?') { '&' } else { '?' };
        let page = api.get(&format!("{path}{join}limit=1")).await.is(200);
        page.body["nextCursor"].as_str().expect("another page").to_owned()
    };
    let newest = cursor(&minji, "/products").await;
    minji.get(&format!("/products?cursor={newest}")).await.is(200);
    // The limit may change on the way; the filters may not.
    minji.get(&format!("/products?limit=50&cursor={newest}")).await.is(200);
    for other in
        ["/products?sort=name", "/products?sort=price-asc", "/products?q=a", "/products?status=SUSPENDED"]
    {
        minji.get(&format!("{other}&cursor={newest}")).await.is_problem(400, "invalid-cursor");
    }
    for person in [&minji, &junho] {
        person.order(&[(&products[0], 1)]).await.is(201);
        person.order(&[(&products[0], 1)]).await.is(201);
        person.charge(1_000).await;
        person.charge(1_000).await;
    }
    let (mine, points) = (cursor(&minji, "/orders").await, cursor(&minji, "/users/me/points/history").await);
    minji.get(&format!("/orders?cursor={mine}")).await.is(200);
    junho.get(&format!("/orders?cursor={mine}")).await.is_problem(400, "invalid-cursor");
    minji.get(&format!("/orders?status=PAID&cursor={mine}")).await.is_problem(400, "invalid-cursor");
    admin
        .get(&format!("/admin/orders?userId={}&cursor={mine}", minji.id))
        .await
        .is_problem(400, "invalid-cursor");
    minji.get(&format!("/orders?cursor={points}")).await.is_problem(400, "invalid-cursor");
    admin.get(&format!("/users/{}/points/history?cursor={points}", minji.id)).await.is(200);

    let mut altered = newest.clone();
    let first = if altered.starts_with('A') { "B" } else { "A" };
    altered.replace_range(..1, first);
    let there = elsewhere.admin().await;
    for name in ["A", "B"] {
        there.product(name, 1, 1).await;
    }
    let foreign = cursor(&there, "/products").await;
    for forged in [
        "x",
        "",
        "AAAA",
        "%00",
        "null",
        &altered,
        &foreign,
        &newest[1..],
        &format!("{newest}A"),
        &"A".repeat(5_000),
    ] {
        minji.get(&format!("/products?cursor={forged}")).await.is_problem(400, "invalid-cursor");
    }
}

#[tokio::test]
async fn the_longest_name_still_has_a_cursor() {
    let server = Server::start();
    let admin = server.admin().await;
    let name = "\u{1f9cb}".repeat(200);
    for _ in 0..2 {
        admin.product(&name, 1, 1).await;
    }
    assert_eq!(walk(&server.api(), "/products?sort=name", 1).await.len(), 2);
}
