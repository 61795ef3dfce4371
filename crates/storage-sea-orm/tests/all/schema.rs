//! The storage's own hold on its schema.

use std::sync::Arc;

use jangteo_storage_sea_orm::{SeaOrmStorage, StorageOptions};

use crate::support::TestCipher;

#[tokio::test]
async fn migrates_once_and_back() {
    let directory = tempfile::tempdir().unwrap();
    let options = StorageOptions::new(format!("sqlite://{}", directory.path().join("shop.db").display()));
    let storage = SeaOrmStorage::connect(&options, Arc::new(TestCipher::default())).await.unwrap();
    let all = storage.pending_migrations().await.unwrap();
    assert!(all.len() >= 14 && all.is_sorted(), "{all:?}");
    assert_eq!(storage.migrate().await.unwrap(), all);
    assert_eq!(storage.pending_migrations().await.unwrap(), Vec::<String>::new());
    assert_eq!(storage.migrate().await.unwrap(), Vec::<String>::new());
    storage.migrate_down(2).await.unwrap();
    assert_eq!(storage.pending_migrations().await.unwrap(), all[all.len() - 2..]);
    storage.migrate().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_that_start_at_once_both_find_the_schema() {
    // SQLite tells whoever opens a new file beside others that it is busy, but not every time.
    for _ in 0..25 {
        let directory = tempfile::tempdir().unwrap();
        let options = StorageOptions::new(format!("sqlite://{}", directory.path().join("shop.db").display()));
        let starts: Vec<_> = (0..4)
            .map(|_| {
                let options = options.clone();
                tokio::spawn(async move {
                    let storage =
                        SeaOrmStorage::connect(&options, Arc::new(TestCipher::default())).await.unwrap();
                    storage.migrate().await.unwrap().len()
                })
            })
            .collect();
        let mut made = Vec::new();
        for start in starts {
            made.push(start.await.unwrap());
        }
        made.sort_unstable();
        assert_eq!(made[..3], [0, 0, 0], "one made them all: {made:?}");
    }
}
