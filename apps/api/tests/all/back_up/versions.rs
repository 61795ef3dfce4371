//! Back-ups of other versions of the schema.

use std::fs;

use super::Folder;
use super::folder::{DATABASE, change, number, said, text};

const APPLIED: &str = "SELECT count(*) FROM seaql_migrations";

/// It is audited as it will be once the schema is up to date, and stays as it is until a server starts.
#[tokio::test]
async fn an_older_schema_is_restored_as_it_is() {
    let shop = Folder::demo();
    let all = number(&shop.file(DATABASE), APPLIED).await;
    shop.done(&["migrate", "--down", "2"]);
    let told = shop.done(&["backup", "--to", "old.sqlite"]);
    assert!(told.contains("schema is older than this binary, by m20261125_000016"), "{told}");
    let file = shop.file("old.sqlite");
    assert_eq!(number(&file, APPLIED).await, all - 2);
    let bytes = fs::read(&file).unwrap();

    let folder = Folder::with_keys_of(shop.path());
    let told = folder.done(&["restore", "--from", text(&file)]);
    assert!(told.contains("the server brings it up to date as it starts"), "{told}");
    assert_eq!(fs::read(&file).unwrap(), bytes);
    assert_eq!(number(&folder.file(DATABASE), APPLIED).await, all - 2);
    let mut server = folder.serve();
    server.adds_up();
    server.stop();
    assert_eq!(number(&server.folder().join(DATABASE), APPLIED).await, all);
}

#[tokio::test]
async fn a_newer_schema_is_named_by_whatever_meets_it() {
    let shop = Folder::demo();
    shop.done(&["backup", "--to", "back-up.sqlite"]);
    let sql = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m20991231_000099_fly', 0)";
    change(&shop.file("back-up.sqlite"), sql).await;
    let newer = "the schema is newer than this binary: it has the change m20991231_000099_fly, which this binary does not know";
    shop.refuses(&[], &["restore", "--replace", "--from", "back-up.sqlite"], &["back-up.sqlite", newer]);
    change(&shop.file(DATABASE), sql).await;
    for command in [
        &["serve"][..],
        &["migrate"],
        &["migrate", "--check"],
        &["migrate", "--down", "1"],
        &["audit"],
        &["keys", "list"],
        &["backup", "--to", "newer.sqlite"],
    ] {
        let output = shop.run(command);
        assert_eq!(output.status.code(), Some(1), "{command:?}");
        assert!(said(&output).contains(newer), "{command:?}: {}", said(&output));
    }
    assert!(!shop.file("newer.sqlite").exists());
}
