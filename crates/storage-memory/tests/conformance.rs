//! The storage keeps the contracts, and a whole shop on it does what a model foresees.

use jangteo_storage_memory::MemoryStorage;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn keeps_the_contracts() {
    jangteo_storage_conformance::check_all(async || MemoryStorage::new()).await;
}

#[test]
fn a_shop_does_what_the_model_foresees() {
    jangteo_storage_conformance::check_model(256, async || MemoryStorage::new());
}
