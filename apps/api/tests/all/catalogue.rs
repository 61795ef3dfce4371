//! Products and their stock.

use serde_json::{Value, json};

use crate::support::{Server, money};

#[tokio::test]
async fn a_product_starts_as_it_was_described() {
    let server = Server::start();
    let admin = server.admin().await;
    let body = json!({ "name": " 머그컵 ", "price": money(12_000), "stock": 7 });
    let created = admin.post("/products", &body).await.is(201);
    let path = created.header("location").unwrap().trim_start_matches("/api/v1").to_owned();
    assert_eq!(
        created.body,
        json!({
            "id": created.id(),
            "name": "머그컵",
            "description": "",
            "price": money(12_000),
            "stock": 7,
            "status": "ON_SALE",
            "createdAt": created.body["createdAt"],
            "updatedAt": created.body["createdAt"],
        })
    );
    let shown = server.api().get(&path).await.is(200);
    assert_eq!((&shown.body, shown.tag()), (&created.body, created.tag()));
    server.api().get("/products/01900000-0000-7000-8000-000000000001").await.is_problem(404, "not-found");
    server.api().get("/products/popularity").await.is_problem(404, "not-found");
}

#[tokio::test]
async fn a_product_is_bounded() {
    let server = Server::start();
    let admin = server.admin().await;
    let with = |field: &str, value: Value| {
        let mut body = json!({ "name": "Mug", "price": money(1), "stock": 1 });
        body[field] = value;
        body
    };
    for (field, good) in [
        ("name", json!("가".repeat(200))),
        ("description", json!("line\nline")),
        ("price", money(0)),
        ("price", money(1_000_000_000_000)),
        ("stock", json!(0)),
        ("stock", json!(1_000_000_000)),
        ("status", json!("DISCONTINUED")),
        ("status", json!(null)),
    ] {
        admin.post("/products", &with(field, good)).await.is(201);
    }
    for (field, bad, pointer) in [
        ("name", json!("가".repeat(201)), "/name"),
        ("name", json!("a\u{0}b"), "/name"),
        ("description", json!("x".repeat(10_001)), "/description"),
        ("price", money(-1), "/price/amount"),
        ("price", money(1_000_000_000_001), "/price/amount"),
        ("price", money(i64::MAX), "/price/amount"),
        ("price", json!({ "amount": 1, "currency": "USD" }), "/price/currency"),
        ("price", json!(1), "/price"),
        ("stock", json!(-1), "/stock"),
        ("stock", json!(1_000_000_001), "/stock"),
        ("stock", json!(i64::MIN), "/stock"),
        ("status", json!("FREE"), "/status"),
    ] {
        admin.post("/products", &with(field, bad)).await.is_invalid(&[pointer]);
    }
}

#[tokio::test]
async fn an_edit_changes_what_it_names() {
    let server = Server::start();
    let admin = server.admin().await;
    let mug = admin.product("Mug", 12_000, 7).await;
    let path = format!("/products/{mug}");
    let edited = admin.patch(&path, &json!({ "price": money(9_900), "status": "SUSPENDED" })).await.is(200);
    assert_eq!((&edited.body["price"], &edited.body["status"]), (&money(9_900), &json!("SUSPENDED")));
    assert_eq!((&edited.body["name"], &edited.body["stock"]), (&json!("Mug"), &json!(7)));
    assert_eq!(server.api().get(&path).await.is(200).body, edited.body);
    admin.patch(&path, &json!({ "stock": 5 })).await.is_invalid(&["/stock"]);
    admin.patch(&path, &json!({ "name": "" })).await.is_invalid(&["/name"]);
    admin.patch(&path, &json!({ "price": null })).await.is_invalid(&["/price"]);
    admin.patch(&path, &json!({})).await.is_invalid(&[""]);
    admin
        .patch("/products/01900000-0000-7000-8000-000000000001", &json!({ "name": "x" }))
        .await
        .is_problem(404, "not-found");
}

#[tokio::test]
async fn stock_is_adjusted_within_its_bounds() {
    let server = Server::start();
    let admin = server.admin().await;
    let mug = admin.product("Mug", 12_000, 7).await;
    let path = format!("/products/{mug}/stock-adjustments");
    let adjust = |delta: i64| json!({ "delta": delta, "reason": "counted again" });
    let adjusted = admin.once(&path, &adjust(-3)).await.is(201);
    assert_eq!(
        adjusted.body,
        json!({
            "id": adjusted.id(),
            "productId": mug,
            "delta": -3,
            "reason": "counted again",
            "stock": 4,
            "createdAt": adjusted.body["createdAt"],
        })
    );
    assert_eq!(adjusted.header("location"), Some(format!("/api/v1/products/{mug}").as_str()));
    for below in [-5, i64::MIN] {
        admin.once(&path, &adjust(below)).await.is_problem(409, "out-of-stock");
    }
    for bad in [0, 1_000_000_000, i64::MAX] {
        admin.once(&path, &adjust(bad)).await.is_invalid(&["/delta"]);
    }
    admin.once(&path, &json!({ "delta": 0, "reason": "" })).await.is_invalid(&["/delta", "/reason"]);
    assert_eq!(admin.stock(&mug).await, 4);
    admin.once("/products/x/stock-adjustments", &adjust(1)).await.is_problem(404, "not-found");
}

#[tokio::test]
async fn the_list_is_filtered_and_ordered() {
    let server = Server::start();
    let admin = server.admin().await;
    for (name, price) in [("머그 A", 300), ("mug", 100), ("Mug B", 200), ("잔", 400)] {
        admin.product(name, price, 1).await;
    }
    let off = admin.product("Mug, off", 1, 1).await;
    admin.patch(&format!("/products/{off}"), &json!({ "status": "SUSPENDED" })).await.is(200);
    let names = async |query: &str| -> Vec<String> {
        let page = server.api().get(&format!("/products{query}")).await.is(200);
        page.items().iter().map(|product| product["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("").await, ["잔", "Mug B", "mug", "머그 A"]);
    assert_eq!(names("?sort=newest&status=ON_SALE").await, ["잔", "Mug B", "mug", "머그 A"]);
    assert_eq!(names("?sort=price-asc").await, ["mug", "Mug B", "머그 A", "잔"]);
    assert_eq!(names("?sort=price-desc").await, ["잔", "머그 A", "Mug B", "mug"]);
    assert_eq!(names("?sort=name").await, ["mug", "Mug B", "머그 A", "잔"]);
    assert_eq!(names("?q=MUG&sort=name").await, ["mug", "Mug B"]);
    assert_eq!(names("?q=%EB%A8%B8").await, ["머그 A"]);
    assert_eq!(names("?status=SUSPENDED").await, ["Mug, off"]);
    assert_eq!(names("?q=%25").await, Vec::<String>::new());
    assert_eq!(names("?q=").await.len(), 4);
}
