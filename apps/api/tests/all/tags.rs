//! `ETag`, `If-None-Match` and `If-Match`.

use reqwest::Method;
use serde_json::json;

use crate::support::{Person, Server};

/// Fetches with tags that should and should not match, and gives the tag.
async fn check(person: &Person, path: &str) -> String {
    let shown = person.get(path).await.is(200);
    let tag = shown.tag();
    assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() > 2, "{tag}");
    for known in [tag.clone(), format!("\"other\", {tag}"), format!("W/{tag}"), "*".to_owned()] {
        let same = person.get_with(path, "If-None-Match", &known).await.is(304);
        assert_eq!((same.tag(), same.text.as_str()), (tag.clone(), ""));
    }
    for other in ["\"other\"", "other", "", "\"x\", \"y\""] {
        assert_eq!(person.get_with(path, "If-None-Match", other).await.is(200).text, shown.text);
    }
    let head = person.send(person.request(Method::HEAD, path)).await.is(200);
    assert_eq!((head.tag(), head.text.as_str()), (tag.clone(), ""));
    tag
}

#[tokio::test]
async fn every_single_resource_has_a_tag_that_changes_with_it() {
    let server = Server::start();
    let (admin, minji) = (server.admin().await, server.customer().await);
    let mug = admin.product("Mug", 1_000, 5).await;
    let product = format!("/products/{mug}");
    assert_eq!(check(&minji, &product).await, "\"1.1\"");
    let points = check(&minji, "/users/me/points").await;
    let me = check(&minji, "/users/me").await;

    minji.charge(10_000).await;
    assert_ne!(check(&minji, "/users/me/points").await, points);
    let order = minji.order(&[(&mug, 1)]).await.is(201);
    assert_eq!(check(&minji, &product).await, "\"1.2\"");
    let path = format!("/orders/{}", order.id());
    let placed = check(&minji, &path).await;
    let payment = minji.pay(order.id()).await.is(201);
    assert_ne!(check(&minji, &path).await, placed);
    check(&minji, &format!("/payments/{}", payment.id())).await;
    let campaign = admin.campaign(5, json!({})).await;
    let path = format!("/coupons/{campaign}");
    let unclaimed = check(&minji, &path).await;
    minji.claim(&campaign).await.is(201);
    assert_ne!(check(&minji, &path).await, unclaimed);
    let edited = minji.patch("/users/me", &json!({ "name": "민지" })).await.is(200);
    assert_ne!(edited.tag(), me);
    assert_eq!(check(&minji, "/users/me").await, edited.tag());
}

#[tokio::test]
async fn an_edit_of_what_somebody_else_has_edited_is_refused() {
    let server = Server::start();
    let (admin, minji) = (server.admin().await, server.customer().await);
    let mug = admin.product("Mug", 1_000, 5).await;
    let path = format!("/products/{mug}");
    let seen = admin.get(&path).await.is(200).tag();
    let edit = |name: &str| json!({ "name": name });

    // A sale is no edit: the editor is not locked out.
    minji.order(&[(&mug, 1)]).await.is(201);
    let first = admin.patch_if(&path, &seen, &edit("First")).await.is(200);
    assert_eq!(first.tag(), "\"2.2\"");
    let refused = admin.patch_if(&path, &seen, &edit("Second")).await;
    refused.is_problem(412, "precondition-failed");
    assert_eq!(admin.get(&path).await.is(200).body["name"], "First");

    for stale in ["\"1.2\"", "W/\"2.2\"", "\"2\"", "2.2", "\"\"", "x", "\"9.9\", \"1.1\""] {
        admin.patch_if(&path, stale, &edit("Third")).await.is_problem(412, "precondition-failed");
    }
    admin.patch_if(&path, "\"9.9\", \"2.0\"", &edit("Third")).await.is(200);
    admin.patch_if(&path, "*", &edit("Fourth")).await.is(200);
    assert_eq!(admin.patch(&path, &edit("Fifth")).await.is(200).tag(), "\"5.2\"");
}
