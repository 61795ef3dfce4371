//! The storage keeps the contracts.

use jangteo_storage_memory::MemoryStorage;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn keeps_the_contracts() {
    jangteo_storage_conformance::check_all(async || MemoryStorage::new()).await;
}
