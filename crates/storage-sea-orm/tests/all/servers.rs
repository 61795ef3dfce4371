//! What only servers can do to a storage: several writers at once, locks that cross, time-outs, connections that end.

use std::cell::Cell;
use std::future::ready;
use std::slice;
use std::sync::Arc;
use std::time::Duration;

use jangteo_product::{Product, ProductQueries, ProductRepository};
use jangteo_shared_kernel::{Quantity, StorageError, Transaction, UnitOfWork, atomically, retrying};
use jangteo_storage_sea_orm::{SeaOrmStorage, SeaOrmTransaction, StorageOptions};
use jangteo_test_services::{Service, shared};
use sea_orm::ConnectionTrait;
use tokio::sync::Barrier;
use tokio::time::sleep;

use crate::support::{Shop, TestCipher, id, ids, product};

async fn connected(url: &str) -> SeaOrmStorage {
    SeaOrmStorage::connect(&StorageOptions::new(url), Arc::new(TestCipher::default())).await.unwrap()
}

async fn sell_one(tx: &mut SeaOrmTransaction, n: u32) -> Result<(), StorageError> {
    let mut locked = tx.lock_products(&ids([n])).await?;
    let product = locked.get_mut(&id(n)).unwrap();
    product.sell(Quantity::ONE).unwrap();
    tx.save_stock(slice::from_ref(product)).await
}

/// Two sessions that lock against the order, which no use case does: each has what the other wants.
#[tokio::test]
async fn a_forced_deadlock_is_run_again_and_succeeds() {
    for service in Service::ALL {
        let shop = Shop::open_on(service, |_| ()).await;
        shop.add_products(&[product(1, 5), product(2, 5)]).await;
        let first_locks = Barrier::new(2);
        let session = async |order: [u32; 2]| {
            let runs = Cell::new(0);
            let work = || {
                runs.set(runs.get() + 1);
                atomically(&shop.storage, async |tx: &mut SeaOrmTransaction| {
                    sell_one(tx, order[0]).await?;
                    // The first time both have their first lock before either wants its second.
                    if runs.get() == 1 {
                        first_locks.wait().await;
                    }
                    sell_one(tx, order[1]).await
                })
            };
            // As the application does, whoever has lost gives way before it comes back.
            retrying(|_| sleep(Duration::from_millis(50)), work).await.unwrap();
            runs.get()
        };
        let (one, other) = tokio::join!(session([1, 2]), session([2, 1]));
        // On a slow machine whoever has lost may be back before the other has gone on, and meet them again.
        assert!(one.max(other) >= 2, "{service}: one lost and ran again");
        for n in [1, 2] {
            assert_eq!(shop.product(id(n)).await.stock.get(), 3, "{service}");
        }
    }
}

/// The same eight thousand rows, written in the order of ids by one half and against it by the other, and locked by both
/// sessions again and again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reversed_sets_of_eight_thousand_never_deadlock() {
    const ROWS: u32 = 8_000;
    const ROUNDS: u32 = 4;
    for service in Service::ALL {
        let shop = Shop::open_on(service, |_| ()).await;
        let mut products: Vec<Product> = (1..=ROWS).map(|n| product(n, 0)).collect();
        products[..4_000].reverse();
        for set in products.chunks(2_000) {
            shop.add_products(set).await;
        }
        let sessions: Vec<_> = [false, true]
            .map(|reversed| {
                let storage = shop.storage.clone();
                tokio::spawn(async move {
                    let mut numbers: Vec<u32> = (1..=ROWS).collect();
                    if reversed {
                        numbers.reverse();
                    }
                    let wanted = ids(numbers);
                    for _ in 0..ROUNDS {
                        atomically(&storage, async |tx: &mut SeaOrmTransaction| {
                            let mut locked = tx.lock_products(&wanted).await?;
                            for product in locked.values_mut() {
                                product.put_back(Quantity::ONE);
                            }
                            tx.save_stock(&locked.into_values().collect::<Vec<_>>()).await
                        })
                        .await?;
                    }
                    Ok::<_, StorageError>(())
                })
            })
            .into();
        for session in sessions {
            session.await.unwrap().unwrap_or_else(|error| panic!("{service}: {error:?}"));
        }
        for n in [1, 4_000, ROWS] {
            assert_eq!(shop.product(id(n)).await.stock.get(), 2 * ROUNDS, "{service}");
        }
    }
}

#[tokio::test]
async fn of_instances_that_migrate_at_once_one_does() {
    for service in Service::ALL {
        let url = shared(service).new_database();
        let mut instances = Vec::new();
        for _ in 0..3 {
            let options = StorageOptions::new(&url);
            let storage = SeaOrmStorage::connect(&options, Arc::new(TestCipher::default())).await.unwrap();
            instances.push(tokio::spawn(async move { storage.migrate().await }));
        }
        let mut made = Vec::new();
        for instance in instances {
            made.push(instance.await.unwrap().unwrap().len());
        }
        made.sort_unstable();
        assert_eq!(made[..2], [0, 0], "{service}");
        assert!(made[2] > 10, "{service}");
    }
}

/// Whoever wants a lock gets an answer, and what it had already is free again.
#[tokio::test]
async fn a_lock_that_is_not_let_go_is_unavailable() {
    for service in Service::ALL {
        let shop = Shop::open_on(service, |options| options.busy_timeout = Duration::from_secs(1)).await;
        shop.add_products(&[product(1, 5), product(2, 5)]).await;
        let mut holder = shop.storage.begin().await.unwrap();
        holder.lock_products(&ids([2])).await.unwrap();
        let error = shop.refuses(async |tx| tx.lock_products(&ids([1, 2])).await.map(|_| ())).await;
        assert!(matches!(error, StorageError::Unavailable(_)), "{service}: {error:?}");
        holder.lock_products(&ids([1])).await.unwrap();
        holder.commit().await.unwrap();
    }
}

/// A transaction that stands idle, because its instance hangs or its network is gone, loses what it holds.
#[tokio::test]
async fn whoever_stands_idle_lets_go() {
    for service in Service::ALL {
        let shop = Shop::open_on(service, |options| options.statement_timeout = Duration::from_secs(1)).await;
        shop.add_products(&[product(1, 5)]).await;
        let mut idle = shop.storage.begin().await.unwrap();
        idle.lock_products(&ids([1])).await.unwrap();
        // Another instance waits until the server has ended that session, well within its own patience.
        let other = connected(&shop.url).await;
        let locked = atomically(&other, async |tx: &mut SeaOrmTransaction| tx.lock_products(&ids([1])).await);
        assert_eq!(locked.await.unwrap()[&id(1)].stock.get(), 5, "{service}");
        let error = idle.lock_products(&ids([1])).await.unwrap_err();
        assert!(matches!(error, StorageError::Unavailable(_)), "{service}: {error:?}");
        let error = idle.commit().await.unwrap_err();
        assert!(matches!(error, StorageError::Unavailable(_)), "{service}: {error:?}");
    }
}

/// Nobody knows whether a commit happened whose connection was lost. It is not run again.
#[tokio::test]
async fn a_connection_lost_at_the_commit_is_unavailable() {
    for service in Service::ALL {
        let shop = Shop::open_on(service, |options| options.writers = 1).await;
        shop.add_products(&[product(1, 5)]).await;
        let tries = Cell::new(0);
        let outcome = retrying(
            |_| ready(()),
            || {
                tries.set(tries.get() + 1);
                async {
                    let mut tx = shop.storage.begin().await?;
                    sell_one(&mut tx, 1).await?;
                    cut_off(&shop).await;
                    tx.commit().await
                }
            },
        )
        .await;
        assert!(matches!(outcome, Err(StorageError::Unavailable(_))), "{service}: {outcome:?}");
        assert_eq!(tries.get(), 1, "{service}");
        // The pool has noticed, or notices now.
        let mut left = shop.storage.find_product(id(1)).await;
        while matches!(left, Err(StorageError::Unavailable(_))) {
            left = shop.storage.find_product(id(1)).await;
        }
        assert_eq!(left.unwrap().unwrap().stock.get(), 5, "{service}");
    }
}

/// Ends every other connection to the database of a shop.
async fn cut_off(shop: &Shop) {
    let db = shop.by_hand().await;
    let (others, end) = match db.get_database_backend() {
        sea_orm::DbBackend::MySql => (
            "SELECT CAST(id AS CHAR(20)) FROM information_schema.processlist \
             WHERE db = DATABASE() AND id <> CONNECTION_ID()",
            "KILL $",
        ),
        _ => (
            "SELECT pid::text FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
            "SELECT pg_terminate_backend($)",
        ),
    };
    let question = sea_orm::Statement::from_string(db.get_database_backend(), others);
    for row in db.query_all_raw(question).await.unwrap() {
        let other: String = row.try_get_by_index(0).unwrap();
        db.execute_unprepared(&end.replace('$', &other)).await.unwrap();
    }
    db.close().await.unwrap();
}
