//! Many sessions at once.

use std::collections::BTreeSet;

use jangteo_product::Product;
use jangteo_shared_kernel::{ProductId, Quantity, StorageError};

use crate::fixtures::units;
use crate::prelude::*;
use crate::support::{add_products, at_once, begin, ids};
use crate::{Fixtures, Storage};

/// Fifty buyers and ten units: ten buy.
pub(crate) async fn never_sells_more_than_there_is<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(150);
    let product = Product { stock: units(10), ..fixtures.product() };
    add_products(&storage, std::slice::from_ref(&product)).await;
    let sold = at_once(50, |_| {
        let (storage, id) = (storage.clone(), product.id);
        async move {
            let mut tx = begin(&storage).await;
            let mut product = tx.lock_products(&ids([id])).await?.remove(&id).unwrap();
            let sold = product.sell(Quantity::ONE).is_ok();
            if sold {
                tx.save_stock(&[product]).await?;
            }
            tx.commit().await?;
            Ok::<bool, StorageError>(sold)
        }
    })
    .await;
    let sold: Vec<bool> = sold.into_iter().collect::<Result<_, _>>().unwrap();
    assert_eq!(sold.into_iter().filter(|sold| *sold).count(), 10);
    let left = storage.find_product(product.id).await.unwrap().unwrap();
    assert_eq!((left.stock, left.stock_version), (units(0), product.stock_version + 10));
}

/// Puts one unit on each of the products.
async fn put_one_on_each<S: Storage>(storage: &S, wanted: &BTreeSet<ProductId>) -> Result<(), StorageError> {
    let mut tx = begin(storage).await;
    let mut locked = tx.lock_products(wanted).await?;
    assert_eq!(locked.len(), wanted.len());
    for product in locked.values_mut() {
        product.put_back(Quantity::ONE);
    }
    let changed: Vec<Product> = locked.into_values().collect();
    tx.save_stock(&changed).await?;
    tx.commit().await
}

/// Two sessions lock the same thousand rows again and again. A storage that locks in the order of rows or of statements
/// instead of in the order of ids deadlocks here, or loses an update.
pub(crate) async fn large_sets_are_locked_without_a_deadlock<S: Storage>(storage: S) {
    const ROUNDS: u32 = 20;
    let fixtures = Fixtures::seeded(151);
    let mut products: Vec<Product> =
        (0..1_000).map(|_| Product { stock: units(0), ..fixtures.product() }).collect();
    // Neither in the order of ids nor against it.
    let (rising, falling) = products.split_at_mut(500);
    rising.sort_by_key(|product| product.id);
    falling.sort_by_key(|product| std::cmp::Reverse(product.id));
    for set in products.chunks(250) {
        add_products(&storage, set).await;
    }
    let outcomes = at_once(2, |n| {
        let storage = storage.clone();
        let mut wanted: Vec<ProductId> = products.iter().map(|product| product.id).collect();
        if n == 1 {
            wanted.reverse();
        }
        async move {
            let wanted = wanted.into_iter().collect();
            for _ in 0..ROUNDS {
                put_one_on_each(&storage, &wanted).await?;
            }
            Ok::<(), StorageError>(())
        }
    })
    .await;
    outcomes.into_iter().collect::<Result<(), _>>().unwrap();
    let mut tx = begin(&storage).await;
    let all = tx.lock_products(&products.iter().map(|product| product.id).collect()).await.unwrap();
    assert!(all.values().all(|product| product.stock == units(2 * ROUNDS)));
}

/// Hard case 16, many times over: sets that overlap in every way.
pub(crate) async fn crossing_sets_lose_no_update_and_never_deadlock<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(152);
    let products: Vec<Product> = (0..20).map(|_| Product { stock: units(0), ..fixtures.product() }).collect();
    add_products(&storage, &products).await;
    let put = at_once(8, |_| {
        let (storage, fixtures, products) = (storage.clone(), fixtures.clone(), products.clone());
        async move {
            let mut put = 0;
            for _ in 0..15 {
                let wanted: BTreeSet<ProductId> =
                    (0..5).map(|_| products[fixtures.below(20) as usize].id).collect();
                put_one_on_each(&storage, &wanted).await?;
                put += wanted.len();
            }
            Ok::<usize, StorageError>(put)
        }
    })
    .await;
    let put: usize = put.into_iter().collect::<Result<Vec<_>, _>>().unwrap().into_iter().sum();
    let mut stock = 0;
    for product in &products {
        stock += storage.find_product(product.id).await.unwrap().unwrap().stock.get();
    }
    assert_eq!(stock as usize, put);
}

/// Readers see a set whole or not at all.
pub(crate) async fn a_set_is_seen_whole_or_not_at_all<S: Storage>(storage: S) {
    let fixtures = Fixtures::seeded(153);
    let user = fixtures.id();
    let writer = tokio::spawn({
        let (storage, fixtures) = (storage.clone(), fixtures.clone());
        async move {
            for _ in 0..20 {
                let set = [fixtures.order(user), fixtures.order(user), fixtures.order(user)];
                crate::support::add_orders(&storage, &set).await;
            }
        }
    });
    let filter = jangteo_order::OrderFilter { user: Some(user), status: None };
    loop {
        let done = writer.is_finished();
        let page = storage.list_orders(&filter, &crate::support::first_page(100)).await.unwrap();
        assert_eq!(page.items.len() % 3, 0, "half a transaction is seen");
        assert!(page.items.iter().all(|order| !order.lines.is_empty()), "an order is seen without its lines");
        if done {
            assert_eq!(page.items.len(), 60);
            break;
        }
        tokio::task::yield_now().await;
    }
    crate::support::outcome(writer).await;
}
