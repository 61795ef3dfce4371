//! The copy in its place, and the former database aside.

use std::fs;

use super::Folder;
use super::folder::{DATABASE, change, number, text};
use crate::support::Server;

const ORDERS: &str = "SELECT count(*) FROM orders";

/// Whatever the former one was called, told by the command.
fn aside(folder: &Folder) -> String {
    let names = folder.names("data");
    let mut former = names.iter().filter(|name| name.starts_with("jangteo.sqlite.before-"));
    let name = former.next().expect("a former database").clone();
    assert_eq!(former.next(), None, "{names:?}");
    format!("data/{name}")
}

#[tokio::test]
async fn a_replaced_database_is_kept_and_can_be_restored_again() {
    let shop = Folder::demo();
    shop.done(&["backup", "--to", "back-up.sqlite"]);
    change(&shop.file(DATABASE), "UPDATE products SET name = 'Renamed'").await;
    let told = shop.done(&["restore", "--replace", "--from", "back-up.sqlite"]);
    let former = aside(&shop);
    assert!(told.contains(&former), "{told}");
    let renamed = "SELECT count(*) FROM products WHERE name = 'Renamed'";
    assert_eq!(number(&shop.file(DATABASE), renamed).await, 0);
    assert!(number(&shop.file(&former), renamed).await > 0);

    // Not made by a back-up, it says nothing of its time.
    let told = shop.done(&["restore", "--replace", "--from", &former]);
    assert!(told.contains("as of a moment that it does not tell"), "{told}");
    assert!(number(&shop.file(DATABASE), renamed).await > 0);
    // What was restored is written to, and as of no moment any more.
    assert_eq!(number(&shop.file(DATABASE), "PRAGMA user_version").await, 0);
    assert_ne!(number(&shop.file("back-up.sqlite"), "PRAGMA user_version").await, 0);
    shop.done(&["audit"]);
}

/// The log of the killed server is beside the database. Applied to another file it would ruin that.
#[tokio::test]
async fn the_log_of_a_killed_server_is_not_applied_to_what_is_restored() {
    let mut server = Server::start();
    let (admin, minji) = (server.admin().await, server.customer().await);
    let mug = admin.product("Mug", 1_000, 100).await;
    minji.order(&[(&mug, 1)]).await.is(201);
    let back_ups = Folder::empty();
    let file = back_ups.file("back-up.sqlite");
    assert!(server.run(&["backup", "--to", text(&file)], "").status.success());
    for _ in 0..20 {
        minji.order(&[(&mug, 1)]).await.is(201);
    }
    server.kill();
    let folder = Folder::with_keys_of(server.folder());
    for part in ["", "-wal", "-shm"] {
        let name = format!("{DATABASE}{part}");
        fs::copy(server.folder().join(&name), folder.file(&name)).unwrap();
    }
    assert!(fs::metadata(folder.file(&format!("{DATABASE}-wal"))).unwrap().len() > 0);

    folder.done(&["restore", "--replace", "--from", text(&file)]);
    let former = aside(&folder);
    let former_name = former.strip_prefix("data/").unwrap();
    assert_eq!(folder.names("data"), ["jangteo.sqlite", former_name, "keys"], "no log is left, of either");
    assert_eq!(number(&folder.file(&former), ORDERS).await, 21, "with the last orders of the killed server");
    assert_eq!(number(&folder.file(DATABASE), ORDERS).await, 1);
    folder.done(&["audit"]);
    let restored = folder.serve();
    assert_eq!(minji.at(&restored).get("/orders").await.is(200).items().len(), 1);
    minji.at(&restored).order(&[(&mug, 1)]).await.is(201);
    restored.adds_up();
}

/// A database that SQLite cannot read any more is what a restore is for. It goes aside as it is, with what is beside it.
#[tokio::test]
async fn a_ruined_database_is_put_aside_as_it_is() {
    let shop = Folder::demo();
    shop.done(&["backup", "--to", "back-up.sqlite"]);
    let ruin = vec![0x5a; 100_000];
    let wal = format!("{DATABASE}-wal");
    fs::write(shop.file(DATABASE), &ruin).unwrap();
    fs::write(shop.file(&wal), "a log").unwrap();
    shop.done(&["restore", "--replace", "--from", "back-up.sqlite"]);
    shop.done(&["audit"]);
    let names = shop.names("data");
    let former = names.iter().find(|name| name.contains(".before-") && !name.ends_with("-wal")).unwrap();
    assert_eq!(fs::read(shop.file(&format!("data/{former}"))).unwrap(), ruin);
    assert_eq!(fs::read(shop.file(&format!("data/{former}-wal"))).unwrap(), b"a log");
    assert!(!names.contains(&"jangteo.sqlite-wal".to_owned()), "{names:?}");
}

/// A log without its database would be worked into whatever gets the name.
#[tokio::test]
async fn a_log_that_was_left_alone_goes_aside() {
    let shop = Folder::demo();
    shop.done(&["backup", "--to", "back-up.sqlite"]);
    fs::remove_file(shop.file(DATABASE)).unwrap();
    fs::write(shop.file(&format!("{DATABASE}-wal")), "a log").unwrap();
    shop.done(&["restore", "--replace", "--from", "back-up.sqlite"]);
    shop.done(&["audit"]);
    assert!(shop.names("data").iter().any(|name| name.contains(".before-") && name.ends_with("-wal")));
}

#[cfg(unix)]
#[tokio::test]
async fn a_database_behind_a_link_is_replaced_where_it_is() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let shop = Folder::demo();
    shop.done(&["backup", "--to", "back-up.sqlite"]);
    fs::create_dir(shop.file("disk")).unwrap();
    fs::rename(shop.file(DATABASE), shop.file("disk/shop.sqlite")).unwrap();
    fs::set_permissions(shop.file("disk/shop.sqlite"), fs::Permissions::from_mode(0o640)).unwrap();
    symlink("../disk/shop.sqlite", shop.file(DATABASE)).unwrap();
    shop.refuses(&[], &["backup", "--to", "disk/shop.sqlite"], &["is the database itself"]);
    shop.refuses(&[], &["restore", "--replace", "--from", "disk/shop.sqlite"], &["is the database itself"]);
    shop.done(&["restore", "--replace", "--from", "back-up.sqlite"]);
    assert!(fs::symlink_metadata(shop.file(DATABASE)).unwrap().is_symlink());
    assert_eq!(shop.names("disk").len(), 2, "{:?}", shop.names("disk"));
    let mode = fs::metadata(shop.file("disk/shop.sqlite")).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode, 0o640, "as the former one's");
    shop.done(&["audit"]);
}
