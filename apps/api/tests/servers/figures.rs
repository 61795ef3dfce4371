//! Figures of connections to a server, where committers have their own.

use crate::support::{Figures, Server};

#[tokio::test]
async fn the_connections_of_committers_are_told_apart() {
    let server = Server::start();
    let (admin, minji) = (server.admin().await, server.customer().await);
    let mug = admin.product("Mug", 1_000, 10).await;
    minji.order(&[(&mug, 1)]).await.is(201);
    let figures = Figures::of(&minji).await;
    let limit = |pool| figures.count(&format!("jangteo_database_connections_limit{{pool=\"{pool}\"}}"));
    assert_eq!(["writers", "committers", "readers", "replicas"].map(limit), [16, 12, 8, 0]);
    let open = |state| {
        figures.count(&format!("jangteo_database_connections{{pool=\"committers\",state=\"{state}\"}}"))
    };
    assert!(open("idle") + open("in_use") > 0);
}
