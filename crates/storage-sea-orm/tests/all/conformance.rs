//! The suite that every storage must pass, on every engine, and the shop that every storage must carry.

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

#[test]
fn a_shop_does_what_the_model_foresees() {
    // The file of the sequence that is running.
    let shop = Mutex::new(None);
    jangteo_storage_conformance::check_model(16, async || {
        let opened = Shop::open().await;
        let storage = opened.storage.clone();
        *shop.lock().unwrap() = Some(opened);
        storage
    });
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
