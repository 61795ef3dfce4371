//! All or nothing, one writer at a time, and readers that are never in the way.

use jangteo_product::{ProductQueries, ProductRepository};
use jangteo_shared_kernel::{Quantity, StorageError, Transaction, UnitOfWork, atomically};
use jangteo_storage_sea_orm::WrittenProducts;
use std::slice;
use std::sync::{Arc, Mutex};

use crate::support::{Shop, id, ids, product};

#[tokio::test]
async fn what_fails_dropped_or_rolled_back_did_not_happen() {
    let shop = Shop::open().await;
    let mut tx = shop.storage.begin().await.unwrap();
    tx.insert_products(&[product(1, 1)]).await.unwrap();
    tx.rollback().await.unwrap();

    let mut tx = shop.storage.begin().await.unwrap();
    tx.insert_products(&[product(1, 1)]).await.unwrap();
    drop(tx);

    shop.refuses(async |tx| {
        tx.insert_products(&[product(1, 1)]).await?;
        Err(StorageError::Fatal("changed my mind".into()))
    })
    .await;
    assert_eq!(shop.storage.find_product(id(1)).await.unwrap(), None);
    shop.add_products(&[product(1, 1)]).await;
    assert!(shop.storage.find_product(id(1)).await.unwrap().is_some());
}

#[tokio::test]
async fn readers_see_what_is_committed_and_wait_for_nobody() {
    let shop = Shop::open().await;
    shop.add_products(&[product(1, 5)]).await;
    let mut tx = shop.storage.begin().await.unwrap();
    let mut locked = tx.lock_products(&ids([1])).await.unwrap();
    let mug = locked.get_mut(&id(1)).unwrap();
    mug.sell(Quantity::new(5).unwrap()).unwrap();
    tx.save_stock(slice::from_ref(mug)).await.unwrap();
    assert_eq!(shop.storage.find_product(id(1)).await.unwrap().unwrap().stock.get(), 5);
    tx.commit().await.unwrap();
    assert_eq!(shop.storage.find_product(id(1)).await.unwrap().unwrap().stock.get(), 0);
}

#[tokio::test]
async fn a_statement_that_fails_leaves_the_next_transaction_clean() {
    let shop = Shop::open().await;
    shop.add_products(&[product(1, 5)]).await;
    for _ in 0..3 {
        shop.refuses(async |tx| {
            tx.insert_products(&[product(2, 1)]).await?;
            tx.insert_products(&[product(1, 1)]).await
        })
        .await;
    }
    assert_eq!(shop.storage.find_product(id(2)).await.unwrap(), None);
    shop.add_products(&[product(2, 1)]).await;
}

/// The futures are `Send`: they are spawned. Nothing is sold twice, whatever races.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn racing_buyers_never_oversell() {
    let shop = Shop::open().await;
    shop.add_products(&[product(1, 10)]).await;
    let buyers: Vec<_> = (0..40)
        .map(|_| {
            let storage = shop.storage.clone();
            tokio::spawn(async move {
                atomically(&storage, async |tx: &mut jangteo_storage_sea_orm::SeaOrmTransaction| {
                    let mut products = tx.lock_products(&ids([1])).await?;
                    let Some(mug) = products.get_mut(&id(1)) else { return Ok(false) };
                    if mug.sell(Quantity::ONE).is_err() {
                        return Ok(false);
                    }
                    tx.save_stock(slice::from_ref(mug)).await?;
                    Ok::<_, StorageError>(true)
                })
                .await
            })
        })
        .collect();
    let mut sold = 0;
    for buyer in buyers {
        sold += u32::from(buyer.await.unwrap().unwrap());
    }
    assert_eq!(sold, 10);
    let left = shop.storage.find_product(id(1)).await.unwrap().unwrap();
    assert_eq!((left.stock.get(), left.stock_version), (0, 11));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_goes_away_half_way_frees_the_writer() {
    let shop = Shop::open().await;
    shop.add_products(&[product(1, 10)]).await;
    for _ in 0..20 {
        let storage = shop.storage.clone();
        let request = tokio::spawn(async move {
            let mut tx = storage.begin().await?;
            tx.lock_products(&ids([1])).await?;
            tx.insert_products(&[product(2, 1)]).await?;
            std::future::pending::<Result<(), StorageError>>().await
        });
        tokio::task::yield_now().await;
        request.abort();
        assert!(request.await.unwrap_err().is_cancelled());
    }
    shop.add_products(&[product(2, 1)]).await;
}

#[tokio::test]
async fn whoever_keeps_products_is_told_which_were_written_and_only_then() {
    let told = Arc::<Mutex<Vec<WrittenProducts>>>::default();
    let hears = Arc::clone(&told);
    let hear = move |written: &WrittenProducts| hears.lock().unwrap().push(written.clone());
    let shop = Shop::open_with(|options| options.on_written_products = Some(Arc::new(hear))).await;
    let take = || std::mem::take(&mut *told.lock().unwrap());
    let expected =
        |products: &[u32], catalogue| vec![WrittenProducts { ids: ids(products.iter().copied()), catalogue }];
    shop.add_products(&[product(1, 5), product(2, 5), product(3, 5)]).await;
    assert_eq!(take(), expected(&[1, 2, 3], true));

    let mut tx = shop.storage.begin().await.unwrap();
    let locked = tx.lock_products(&ids([1, 2])).await.unwrap();
    tx.save_stock(&[locked[&id(1)].clone()]).await.unwrap();
    tx.save_catalogue(&[]).await.unwrap();
    tx.save_stock(&[locked[&id(2)].clone()]).await.unwrap();
    assert_eq!(take(), [], "nothing is committed yet");
    tx.commit().await.unwrap();
    assert_eq!(take(), expected(&[1, 2], false));

    let mut tx = shop.storage.begin().await.unwrap();
    let locked = tx.lock_products(&ids([3])).await.unwrap();
    tx.save_catalogue(&[locked[&id(3)].clone()]).await.unwrap();
    tx.rollback().await.unwrap();
    let mut tx = shop.storage.begin().await.unwrap();
    tx.lock_products(&ids([3])).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(take(), [], "nothing was written");
}
