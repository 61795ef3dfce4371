//! The suite that every storage must pass, on every engine.

use std::sync::Mutex;

use jangteo_test_services::Service;

use crate::support::Shop;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keeps_the_contracts_on_sqlite() {
    // The files have to outlive their cases.
    let shops = Mutex::new(Vec::new());
    jangteo_storage_conformance::check_all(async || {
        let shop = Shop::open().await;
        let storage = shop.storage.clone();
        shops.lock().unwrap().push(shop);
        storage
    })
    .await;
}

/// One database for all cases, emptied before each: to migrate one takes longer than most cases do.
async fn keeps_the_contracts_on(service: Service) {
    let shop = Shop::open_on(service, |_| ()).await;
    jangteo_storage_conformance::check_all(async || {
        shop.empty().await;
        shop.storage.clone()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keeps_the_contracts_on_postgres() {
    keeps_the_contracts_on(Service::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keeps_the_contracts_on_mariadb() {
    keeps_the_contracts_on(Service::MariaDb).await;
}
