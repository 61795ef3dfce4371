//! What is somebody else's is not there. Administrators see it, and still buy for themselves only.

use serde_json::json;

use crate::support::{Server, money};

#[tokio::test]
async fn what_is_somebody_elses_is_not_there() {
    let server = Server::start();
    let (admin, minji, junho) = (server.admin().await, server.customer().await, server.customer().await);
    let mug = admin.product("Mug", 1_000, 5).await;
    minji.charge(10_000).await;
    let order = minji.order(&[(&mug, 1)]).await.is(201).id().to_owned();
    let payment = minji.pay(&order).await.is(201).id().to_owned();
    let unpaid = minji.order(&[(&mug, 1)]).await.is(201).id().to_owned();
    let refunded = minji.order(&[(&mug, 1)]).await.is(201);
    let refund = {
        let payment = minji.pay(refunded.id()).await.is(201);
        let body = json!({ "paymentId": payment.id(), "reason": "x" });
        minji.once("/refunds", &body).await.is(201).id().to_owned()
    };

    let paths = [
        format!("/orders/{order}"),
        format!("/orders/{order}/payments"),
        format!("/payments/{payment}"),
        format!("/payments/{payment}/refunds"),
        format!("/refunds/{refund}"),
        format!("/users/{}/points", minji.id),
        format!("/users/{}/points/history", minji.id),
    ];
    for path in &paths {
        minji.get(path).await.is(200);
        admin.get(path).await.is(200);
        let refused = junho.get(path).await.is_problem(404, "not-found");
        // It answers like what never was.
        let nothing = junho.get("/orders/01900000-0000-7000-8000-000000000001").await;
        assert_eq!(refused.body["detail"], nothing.body["detail"]);
    }
    let charge = json!({ "amount": money(1_000) });
    let charges = format!("/users/{}/points/charges", minji.id);
    junho.once(&charges, &charge).await.is_problem(404, "not-found");
    junho.post(&format!("/orders/{unpaid}/cancel"), &json!({})).await.is_problem(404, "not-found");
    junho.pay(&unpaid).await.is_problem(404, "not-found");
    // Orders are cancelled and paid by whoever placed them.
    admin.post(&format!("/orders/{unpaid}/cancel"), &json!({})).await.is_problem(404, "not-found");
    admin.pay(&unpaid).await.is_problem(404, "not-found");
    admin.once(&charges, &charge).await.is(201);
    assert_eq!(minji.balance().await, 10_000);

    assert_eq!(junho.get("/orders").await.is(200).items().len(), 0);
    assert_eq!(minji.get("/orders").await.is(200).items().len(), 3);
    assert_eq!(admin.get("/orders").await.is(200).items().len(), 0);
    assert_eq!(admin.get("/admin/orders").await.is(200).items().len(), 3);
    assert_eq!(admin.get("/admin/orders?status=PAID").await.is(200).items().len(), 1);
    assert_eq!(admin.get(&format!("/admin/orders?userId={}", junho.id)).await.is(200).items().len(), 0);
}

#[tokio::test]
async fn a_path_may_name_its_caller_by_id() {
    let server = Server::start();
    let minji = server.customer().await;
    let charge = json!({ "amount": money(1_000) });
    minji.once(&format!("/users/{}/points/charges", minji.id), &charge).await.is(201);
    let by_id = minji.get(&format!("/users/{}/points", minji.id)).await.is(200);
    assert_eq!(by_id.body, minji.get("/users/me/points").await.is(200).body);
}
