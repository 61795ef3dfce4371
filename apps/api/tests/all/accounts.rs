//! Signing up, and one's own account.

use serde_json::json;

use crate::support::{PASSWORD, Server};

#[tokio::test]
async fn signing_up_makes_an_account_with_a_point_account() {
    let server = Server::start();
    let api = server.api();
    let body = json!({ "email": " Minji@Example.COM ", "password": PASSWORD, "name": " 김민지 ", "phone": "010-1234-5678" });
    let created = api.post("/users", &body).await.is(201);
    assert_eq!(created.header("location"), Some("/api/v1/users/me"));
    assert_eq!(created.body["email"], "minji@example.com");
    assert_eq!(created.body["name"], "김민지");
    assert_eq!(created.body["phone"], "010-1234-5678");
    assert_eq!(created.body["role"], "CUSTOMER");
    let fields: Vec<&String> = created.body.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["createdAt", "email", "id", "name", "phone", "role"]);
    let instant = created.body["createdAt"].as_str().unwrap();
    assert!(instant.len() == 24 && instant.ends_with('Z') && instant.as_bytes()[19] == b'.', "{instant}");

    let minji = server.log_in("minji@example.com").await;
    assert_eq!(minji.get("/users/me").await.is(200).body, created.body);
    let points = minji.get("/users/me/points").await.is(200);
    assert_eq!(
        points.body,
        json!({
            "userId": created.id(),
            "balance": { "amount": 0, "currency": "KRW" },
            "expiringNext": null,
        })
    );
}

#[tokio::test]
async fn an_address_belongs_to_one_account() {
    let server = Server::start();
    let minji = server.customer().await;
    let body = json!({ "email": minji.email.to_uppercase(), "password": PASSWORD, "name": "x" });
    server.api().post("/users", &body).await.is_problem(409, "email-taken");
    // Once the account is gone, the address is free.
    minji.delete("/users/me").await.is(204);
    server.api().post("/users", &body).await.is(201);
}

#[tokio::test]
async fn a_sign_up_tells_all_that_is_wrong_with_it() {
    let server = Server::start();
    let body = json!({ "email": "nobody", "password": "short", "name": " ", "phone": "call me" });
    server.api().post("/users", &body).await.is_invalid(&["/email", "/password", "/name", "/phone"]);
}

#[tokio::test]
async fn a_profile_changes_field_by_field() {
    let server = Server::start();
    let minji = server.customer().await;
    let edited = minji.patch("/users/me", &json!({ "phone": "02-123-4567" })).await.is(200);
    assert_eq!((&edited.body["name"], &edited.body["phone"]), (&json!("김민지"), &json!("02-123-4567")));
    let edited = minji.patch("/users/me", &json!({ "name": "민지", "phone": null })).await.is(200);
    assert_eq!((&edited.body["name"], &edited.body["phone"]), (&json!("민지"), &json!(null)));
    assert_eq!(minji.get("/users/me").await.is(200).body, edited.body);
    minji.patch("/users/me", &json!({})).await.is_invalid(&[""]);
    minji.patch("/users/me", &json!({ "name": null })).await.is_invalid(&["/name"]);
    minji.patch("/users/me", &json!({ "email": "x@example.com" })).await.is_invalid(&["/email"]);
}

#[tokio::test]
async fn deleting_an_account_gives_its_units_back_and_keeps_what_was_paid() {
    let server = Server::start();
    let (admin, minji) = (server.admin().await, server.customer().await);
    let mug = admin.product("Mug", 10_000, 10).await;
    minji.charge(50_000).await;
    let paid = minji.order(&[(&mug, 2)]).await.is(201);
    minji.pay(paid.id()).await.is(201);
    minji.order(&[(&mug, 3)]).await.is(201);
    assert_eq!(admin.stock(&mug).await, 5);

    minji.delete("/users/me").await.is(204);
    minji.get("/users/me").await.is_problem(401, "unauthenticated");
    let login = json!({ "email": minji.email, "password": PASSWORD });
    server.api().post("/auth/login", &login).await.is_problem(401, "invalid-credentials");
    assert_eq!(admin.stock(&mug).await, 8);
    let orders = admin.get(&format!("/admin/orders?userId={}", minji.id)).await.is(200);
    let statuses: Vec<_> = orders.items().iter().map(|order| order["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["CANCELLED", "PAID"]);
    let users = admin.get("/admin/users?limit=100").await.is(200);
    assert!(users.items().iter().all(|user| user["id"] != minji.id));
    assert!(!users.text.contains(&minji.email));
}

#[tokio::test]
async fn administrators_find_accounts_by_role_and_address() {
    let server = Server::start();
    let (admin, minji) = (server.admin().await, server.customer().await);
    server.customer().await;
    let found = admin.get(&format!("/admin/users?email={}", minji.email)).await.is(200);
    assert_eq!(found.items().iter().map(|user| &user["id"]).collect::<Vec<_>>(), [&json!(minji.id)]);
    let admins = admin.get("/admin/users?role=ADMIN").await.is(200);
    assert_eq!(admins.items().len(), 1);
    assert_eq!(admin.get("/admin/users?role=CUSTOMER").await.is(200).items().len(), 2);
    assert_eq!(admin.get("/admin/users?email=nobody@example.com").await.is(200).items().len(), 0);
    admin.get("/admin/users?email=nobody").await.is_invalid(&["/email"]);
    admin.get("/admin/users?role=KING").await.is_invalid(&["/role"]);
}
