//! A database that does not answer.

use sea_orm::{ConnectionTrait, Database};

use crate::support::{Server, figure};

/// Hard case 19, as far as an embedded database can be gone: somebody else holds its write lock, then lets go.
#[tokio::test(flavor = "multi_thread")]
async fn hard_case_19_a_database_that_does_not_answer_is_unavailable_until_it_does() {
    let server = Server::start();
    let (admin, minji) = (server.admin().await, server.customer().await);
    let mug = admin.product("Mug", 1_000, 10).await;
    let holder = Database::connect(server.database_url()).await.expect("a connection");
    holder.execute_unprepared("BEGIN IMMEDIATE").await.expect("the lock");

    let refused = minji.keyed("/orders", "k", &order(&mug)).await.is_problem(503, "unavailable");
    assert!(refused.header("retry-after").is_some());
    let unavailable = "jangteo_commands_total{kind=\"place_order\",outcome=\"unavailable\"}";
    assert_eq!(figure(&minji, unavailable).await, 1);
    // Reading goes on.
    assert_eq!(admin.stock(&mug).await, 10);

    holder.close().await.expect("the lock is let go");
    minji.keyed("/orders", "k", &order(&mug)).await.is(201);
    assert_eq!(admin.stock(&mug).await, 9);
}

fn order(product: &str) -> serde_json::Value {
    serde_json::json!({ "items": [{ "productId": product, "quantity": 1 }] })
}
