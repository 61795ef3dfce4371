//! Personal data never reaches the file in the clear (ADR-027).

use jangteo_user::{UserQueries, UserRepository};
use std::slice;

use crate::support::{Shop, at, id, told, user};

fn files(shop: &Shop) -> Vec<u8> {
    let entries = std::fs::read_dir(shop.directory()).unwrap();
    entries.flat_map(|entry| std::fs::read(entry.unwrap().path()).unwrap()).collect()
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window.eq_ignore_ascii_case(text.as_bytes()))
}

#[tokio::test]
async fn is_in_neither_the_file_nor_its_log() {
    let shop = Shop::open().await;
    let minji = user(1);
    shop.add_users(slice::from_ref(&minji)).await;
    let written = files(&shop);
    assert!(holds(&written, "$argon2id$1"), "the row is in the files");
    for clear in ["minji1", "example.com", "Minji Kim", "010-1234"] {
        assert!(!holds(&written, clear), "{clear}");
    }

    // A deleted account's values are gone once the log is worked into the file and emptied.
    let sealed = shop.value("SELECT hex(email_sealed) FROM users").await.unwrap();
    let sealed: Vec<u8> =
        (0..sealed.len()).step_by(2).map(|n| u8::from_str_radix(&sealed[n..n + 2], 16).unwrap()).collect();
    assert!(files(&shop).windows(sealed.len()).any(|window| window == sealed));
    let mut gone = minji;
    gone.delete(at(9));
    shop.in_one(async |tx| tx.save_users(slice::from_ref(&gone)).await).await;
    shop.storage.close().await.unwrap();
    assert!(!files(&shop).windows(sealed.len()).any(|window| window == sealed));
}

#[tokio::test]
async fn does_not_open_in_another_row() {
    let shop = Shop::open().await;
    shop.add_users(&[user(1), user(3)]).await;
    shop.tamper(
        "UPDATE users SET phone_sealed = (SELECT phone_sealed FROM users ORDER BY id DESC LIMIT 1) \
         WHERE id = (SELECT min(id) FROM users)",
    )
    .await;
    let error = shop.storage.find_user(id(1)).await.unwrap_err();
    assert!(
        told(&error).contains("users.phone_sealed of 01900000-0000-7000-8000-000000000001"),
        "{}",
        told(&error)
    );
    assert!(shop.storage.find_user(id(3)).await.unwrap().is_some());
}
