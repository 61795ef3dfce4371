//! The suite that every storage must pass.

use std::sync::Mutex;

use crate::support::Shop;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keeps_the_contracts() {
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
