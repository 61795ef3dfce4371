//! What is not restored: nothing changes, neither where the database is nor in the file that was to be restored.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use sea_orm::ConnectionTrait;

use super::Folder;
use super::folder::{DATABASE, KEYS, by_hand, change, number, said, text};
use crate::support::Server;

/// A shop, and a back-up of it in its folder.
fn backed_up() -> (Folder, PathBuf) {
    let shop = Folder::demo();
    shop.done(&["backup", "--to", "back-up.sqlite"]);
    let file = shop.file("back-up.sqlite");
    (shop, file)
}

#[test]
fn a_database_that_is_there_is_not_replaced_by_accident() {
    let (shop, _) = backed_up();
    let words = [DATABASE, "is there already", "--replace"];
    shop.refuses(&[], &["restore", "--from", "back-up.sqlite"], &words);
    // What is left of one is a part of it.
    fs::rename(shop.file(DATABASE), shop.file(&format!("{DATABASE}-wal"))).unwrap();
    shop.refuses(&[], &["restore", "--from", "back-up.sqlite"], &["jangteo.sqlite-wal is there already"]);
}

#[tokio::test]
async fn the_database_of_a_running_server_is_not_replaced() {
    let server = Server::with(&[("JANGTEO__JOBS__ENABLED", "false")]);
    server.customer().await;
    let shop = Folder::with_keys_of(server.folder());
    let file = shop.file("back-up.sqlite");
    assert!(server.run(&["backup", "--to", text(&file)], "").status.success());
    let database = server.folder().join(DATABASE);
    let listing = || {
        let mut names: Vec<_> =
            fs::read_dir(server.folder().join("data")).unwrap().map(|e| e.unwrap().file_name()).collect();
        names.sort();
        (names, fs::read(&database).unwrap())
    };
    let before = listing();
    for arguments in
        [&["restore", "--replace", "--from", text(&file)][..], &["restore", "--from", text(&file)]]
    {
        let refused = server.run(arguments, "");
        let said = said(&refused);
        assert_eq!(refused.status.code(), Some(1), "{said}");
        assert!(said.contains("jangteo.sqlite is open: stop the server"), "{said}");
        assert_eq!(listing(), before);
    }
    server.customer().await;
    server.adds_up();
}

/// Whoever knows nothing of the shop's own lock, such as an older binary or SQLite's shell, is met by SQLite's.
#[tokio::test]
async fn a_database_that_another_program_has_open_is_not_replaced() {
    let (shop, _) = backed_up();
    let shell = by_hand(&shop.file(DATABASE)).await;
    shell.execute_unprepared("UPDATE products SET name = 'Another'").await.unwrap();
    // By name only: whoever opens and closes the file in this process gives up the shell's lock.
    let before = shop.names("data");
    let refused = shop.run(&["restore", "--replace", "--from", "back-up.sqlite"]);
    assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
    assert!(said(&refused).contains("jangteo.sqlite is open: stop the server"), "{}", said(&refused));
    assert_eq!(shop.names("data"), before);
    assert!(before.contains(&"jangteo.sqlite-wal".to_owned()), "{before:?}");
    shell.close().await.unwrap();
    assert!(number(&shop.file(DATABASE), "SELECT count(*) FROM products WHERE name = 'Another'").await > 0);
    shop.done(&["restore", "--replace", "--from", "back-up.sqlite"]);
}

#[test]
fn nobody_opens_a_database_that_is_being_restored() {
    let (shop, _) = backed_up();
    let folder = fs::File::open(shop.file("data")).unwrap();
    folder.lock().unwrap();
    for command in [&["audit"][..], &["serve"], &["backup", "--to", "another.sqlite"]] {
        shop.refuses(&[], command, &["database.url", "a restore is putting another database there"]);
    }
    folder.unlock().unwrap();
    folder.lock_shared().unwrap();
    shop.done(&["audit"]);
    shop.refuses(&[], &["restore", "--replace", "--from", "back-up.sqlite"], &["is open"]);
}

#[test]
fn a_damaged_file_is_named() {
    let (shop, file) = backed_up();
    let whole = fs::read(&file).unwrap();
    let restore = ["restore", "--replace", "--from", "back-up.sqlite"];
    let refuses = |bytes: &[u8], words: &[&str]| {
        fs::write(&file, bytes).unwrap();
        shop.refuses(&[], &restore, words);
    };
    // The heads of pages, one after the other, and the file cut short.
    for page in (1..whole.len() / 4096).step_by(7) {
        let mut flipped = whole.clone();
        for byte in &mut flipped[page * 4096..page * 4096 + 12] {
            *byte ^= 0xff;
        }
        refuses(&flipped, &["back-up.sqlite is damaged"]);
    }
    refuses(&whole[..whole.len() / 2], &["back-up.sqlite is damaged"]);
    refuses(&whole[..whole.len() - 1], &["back-up.sqlite is damaged"]);
    refuses(
        &[&b"SQLite format 2\0"[..], &whole[16..]].concat(),
        &["back-up.sqlite is not a database of SQLite"],
    );
    refuses(b"not a database, but long enough for the head of one, one would think; or is it? It is. It is. It is.", &[
        "back-up.sqlite is not a database of SQLite",
    ]);
    refuses(b"", &["back-up.sqlite is not the database of a shop"]);
    fs::write(&file, &whole).unwrap();
    shop.done(&restore);
}

#[tokio::test]
async fn a_database_of_something_else_is_none_of_a_shop() {
    let (shop, file) = backed_up();
    fs::write(&file, "").unwrap();
    change(&file, "CREATE TABLE songs (name TEXT)").await;
    let words = ["back-up.sqlite is not the database of a shop"];
    shop.refuses(&[], &["restore", "--replace", "--from", "back-up.sqlite"], &words);
    shop.refuses(&[], &["restore", "--replace", "--from", "nowhere.sqlite"], &["cannot read nowhere.sqlite"]);
    shop.refuses(&[], &["restore", "--replace", "--from", "data"], &["data is not a file"]);
    shop.refuses(&[], &["restore", "--replace", "--from", DATABASE], &[DATABASE, "is the database itself"]);
    fs::hard_link(shop.file(DATABASE), shop.file("second-name.sqlite")).unwrap();
    let second = ["restore", "--replace", "--from", "second-name.sqlite"];
    shop.refuses(&[], &second, &["second-name.sqlite is the database itself"]);
}

#[tokio::test]
async fn a_shop_that_does_not_add_up_is_not_restored() {
    let (shop, file) = backed_up();
    change(&file, "UPDATE product_stock SET quantity = quantity + 1").await;
    let words = ["back-up.sqlite", "does not add up: 1 of 38 rules are broken: stock-conserved"];
    shop.refuses(&[], &["restore", "--replace", "--from", "back-up.sqlite"], &words);
    let (shop, file) = backed_up();
    change(&file, "DELETE FROM orders WHERE id = (SELECT order_id FROM order_lines LIMIT 1)").await;
    let words = ["back-up.sqlite is damaged", "a row of order_lines without its row of orders"];
    shop.refuses(&[], &["restore", "--replace", "--from", "back-up.sqlite"], &words);
}

/// A file that was copied while it was open lacks what is in the log beside it.
#[test]
fn a_file_that_is_not_the_whole_database_is_refused() {
    let (shop, file) = backed_up();
    for part in ["-wal", "-journal", "-shm"] {
        let part = format!("{}{part}", file.display());
        fs::write(&part, "").unwrap();
        shop.refuses(&[], &["restore", "--replace", "--from", text(&file)], &[&part, "which is a part of"]);
        fs::remove_file(&part).unwrap();
    }
}

#[test]
fn keys_that_accounts_need_have_to_be_there() {
    let (shop, file) = backed_up();
    let restore = ["restore", "--from", text(&file)];
    let fresh = Folder::empty();
    fs::create_dir(fresh.file("data")).unwrap();
    fresh.refuses(&[], &restore, &["2 accounts need their keys", KEYS]);

    // The same ids, and other keys.
    fresh.done(&["keys", "generate", KEYS]);
    fresh.refuses(&[], &restore, &["data/keys/keys.json are not those of this database", "does not open"]);
    fs::remove_file(fresh.file(KEYS)).unwrap();

    // An old copy of the key file.
    fs::copy(shop.file(KEYS), fresh.file(KEYS)).unwrap();
    shop.done(&["keys", "rotate"]);
    shop.done(&["backup", "--to", "later.sqlite"]);
    let later = shop.file("later.sqlite");
    fresh.refuses(&[], &["restore", "--from", text(&later)], &["accounts need key 2"]);
    fresh.done(&restore);
    fs::set_permissions(fresh.file(KEYS), fs::Permissions::from_mode(0o644)).unwrap();
    fresh.refuses(&[], &["restore", "--replace", "--from", text(&file)], &["chmod 600"]);
}
