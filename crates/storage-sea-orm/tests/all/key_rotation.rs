//! Personal data moves to a new key while the shop is used (ADR-040), on every engine.

use std::slice;

use jangteo_application::{Resealed, Sources, count_key_use, reseal_accounts};
use jangteo_storage_conformance::Fixtures;
use jangteo_test_services::Service;
use jangteo_user::{User, UserQueries, UserRepository};
use tokio::sync::Notify;

use crate::support::{Shop, at, id, told, user};

fn sources() -> Sources {
    Fixtures::seeded(40).sources()
}

async fn reseal(shop: &Shop, current: u32) -> Resealed {
    reseal_accounts(&shop.storage, &sources(), current, |_| ()).await.unwrap()
}

/// A shop with so many accounts, numbered from 1.
async fn fill(shop: &Shop, count: u32) -> Vec<User> {
    let users: Vec<User> = (1..=count).map(user).collect();
    shop.add_users(&users).await;
    users
}

async fn rotates(shop: Shop) {
    let mut users = fill(&shop, 450).await;
    users[6].delete(at(9));
    shop.in_one(async |tx| tx.save_users(slice::from_ref(&users[6])).await).await;
    let new = shop.cipher.rotate();
    // Somebody has saved their profile in the meantime.
    shop.in_one(async |tx| {
        let found = tx.lock_users(&[users[0].id].into()).await?;
        tx.save_users(&[found[&users[0].id].clone()]).await
    })
    .await;
    let before = count_key_use(&shop.storage).await.unwrap();
    assert_eq!((before.accounts(), before.needing(1), before.needing(new)), (449, 448, 1));

    let resealed = reseal(&shop, new).await;
    assert_eq!((resealed.accounts, resealed.failed.len()), (448, 0));
    let after = count_key_use(&shop.storage).await.unwrap();
    assert_eq!((after.accounts(), after.needing_another_than(new)), (449, 0));
    assert_eq!(after.keys(), [new].into());
    assert_eq!(reseal(&shop, new).await.accounts, 0, "nothing is left to do");

    shop.cipher.forget_older_keys();
    for user in users {
        assert_eq!(shop.storage.find_user(user.id).await.unwrap(), Some(user.clone()));
        if let Some(profile) = user.profile() {
            let found = shop.storage.find_user_by_address(&profile.email).await.unwrap();
            assert_eq!(found.as_ref(), Some(&user));
        }
    }
}

#[tokio::test]
async fn after_a_rotation_nothing_needs_the_old_key_on_sqlite() {
    rotates(Shop::open().await).await;
}

#[tokio::test]
async fn after_a_rotation_nothing_needs_the_old_key_on_postgres() {
    rotates(Shop::open_on(Service::Postgres, |_| ()).await).await;
}

#[tokio::test]
async fn after_a_rotation_nothing_needs_the_old_key_on_mariadb() {
    rotates(Shop::open_on(Service::MariaDb, |_| ()).await).await;
}

#[tokio::test]
async fn a_rotation_that_was_cut_off_goes_on_with_what_is_left() {
    let shop = Shop::open().await;
    fill(&shop, 450).await;
    let new = shop.cipher.rotate();
    let (sources, first_set) = (sources(), Notify::new());
    tokio::select! {
        biased;
        () = first_set.notified() => {}
        all = reseal_accounts(&shop.storage, &sources, new, |_| first_set.notify_one()) => {
            panic!("it was not cut off: {all:?}")
        }
    }
    let left = count_key_use(&shop.storage).await.unwrap().needing_another_than(new);
    assert!((1..450).contains(&left), "{left} are left of 450");
    assert_eq!(reseal(&shop, new).await.accounts, left);
    assert_eq!(count_key_use(&shop.storage).await.unwrap().needing_another_than(new), 0);
}

#[tokio::test]
async fn an_account_that_does_not_open_is_named_and_keeps_nobody_else_back() {
    let shop = Shop::open().await;
    let users = fill(&shop, 30).await;
    let sealed = "SELECT hex(name_sealed) FROM users ORDER BY id LIMIT 1";
    shop.tamper(
        "UPDATE users SET name_sealed = substr(name_sealed, 1, 25) WHERE id = (SELECT min(id) FROM users)",
    )
    .await;
    let damaged = shop.value(sealed).await;
    let new = shop.cipher.rotate();
    let resealed = reseal(&shop, new).await;
    assert_eq!(resealed.accounts, 29);
    let [(failed, error)] = &resealed.failed[..] else { panic!("{:?}", resealed.failed) };
    assert_eq!(*failed, id(1));
    assert!(told(error).contains("users.name_sealed"), "{}", told(error));
    assert_eq!(shop.value(sealed).await, damaged, "what does not open stays as it is");
    assert_eq!(count_key_use(&shop.storage).await.unwrap().needing(1), 1);
    assert_eq!(shop.storage.find_user(users[1].id).await.unwrap().as_ref(), Some(&users[1]));
}

#[tokio::test]
async fn a_value_that_names_no_key_is_told() {
    let shop = Shop::open().await;
    fill(&shop, 2).await;
    shop.tamper("UPDATE users SET phone_sealed = x'0102' WHERE id = (SELECT min(id) FROM users)").await;
    let error = count_key_use(&shop.storage).await.unwrap_err();
    assert!(told(&error).contains("users.phone_sealed of 01900000"), "{}", told(&error));
}
