//! What is not backed up, or not there: nothing changes, and the message names the file.

use std::fs;
use std::process::Command;

use super::Folder;
use super::folder::{DATABASE, change, said, text};

#[test]
fn a_file_that_is_there_is_left_as_it_is() {
    let shop = Folder::demo();
    let file = shop.file("mine.sqlite");
    fs::write(&file, "mine").unwrap();
    shop.refuses(&[], &["backup", "--to", text(&file)], &["mine.sqlite exists; it is left as it is"]);
    fs::remove_file(&file).unwrap();
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("nowhere", &file).unwrap();
        shop.refuses(&[], &["backup", "--to", text(&file)], &["mine.sqlite exists"]);
    }
    fs::create_dir(shop.file("folder")).unwrap();
    shop.refuses(&[], &["backup", "--to", "folder"], &["folder exists"]);
}

#[test]
fn the_database_and_what_belongs_to_it_is_no_target() {
    let shop = Folder::demo();
    shop.refuses(&[], &["backup", "--to", DATABASE], &[DATABASE, "is the database itself"]);
    shop.refuses(&[], &["backup", "--to", "data/keys/../jangteo.sqlite"], &["is the database itself"]);
    let journal = format!("{DATABASE}-journal");
    shop.refuses(&[], &["backup", "--to", &journal], &[&journal, "is a name that SQLite uses"]);
}

#[test]
fn a_folder_that_is_missing_is_named() {
    let shop = Folder::demo();
    shop.refuses(&[], &["backup", "--to", "nowhere/a.sqlite"], &["cannot find the folder nowhere"]);
    shop.refuses(&[], &["backup", "--to", ".."], &[".."]);
}

#[test]
fn a_shop_without_a_database_has_no_back_up() {
    let folder = Folder::empty();
    folder.refuses(&[], &["backup", "--to", "a.sqlite"], &["the database does not exist yet"]);
}

#[test]
fn a_database_on_a_server_is_left_to_its_own_tools() {
    let folder = Folder::empty();
    for url in ["postgres://shop:secret@db.invalid/shop", "mysql://shop:secret@db.invalid/shop"] {
        let variables = [("JANGTEO__DATABASE__URL", url)];
        let words = ["database.url", "docs/operations.md"];
        folder.refuses(&variables, &["backup", "--to", "a.sqlite"], &words);
        folder.refuses(&variables, &["restore", "--from", "a.sqlite"], &words);
    }
}

#[tokio::test]
async fn a_shop_that_does_not_add_up_is_named_and_leaves_no_file() {
    let shop = Folder::demo();
    change(&shop.file(DATABASE), "UPDATE product_stock SET quantity = quantity + 1").await;
    shop.refuses(&[], &["backup", "--to", "a.sqlite"], &["a.sqlite", "does not add up", "stock-conserved"]);
}

/// A file that may not grow beyond some blocks: what is written of it is taken away again.
#[cfg(unix)]
#[test]
fn a_disk_without_room_leaves_no_half_file() {
    let shop = Folder::demo();
    let before = shop.content();
    let mut command = Command::new("sh");
    // A signal would end the process, as a full disk does not.
    command.args(["-c", "trap '' XFSZ; ulimit -f 100; exec \"$0\" backup --to half.sqlite"]);
    command.arg(env!("CARGO_BIN_EXE_jangteo")).current_dir(shop.path());
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("half.sqlite"), "{}", said(&output));
    shop.is_as(&before);
}
