//! Commands that are killed half-way: there is a whole file or none.

use std::thread::sleep;
use std::time::Duration;

use jangteo_security::SystemClock;
use jangteo_shared_kernel::Clock;

use super::Folder;
use super::folder::{DATABASE, change, number, text};

/// Room for a command to be killed in: so many rows make the file some megabytes.
const FILLER: &str = "CREATE TABLE filler AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 8000) \
                      SELECT i, hex(randomblob(200)) AS text FROM n";

const RENAMED: &str = "SELECT count(*) FROM products WHERE name = 'Renamed'";

/// Runs a command and kills it after so long; says whether it was still running.
fn killed_after(shop: &Folder, arguments: &[&str], time: Duration) -> bool {
    let mut child = shop.spawn(arguments);
    sleep(time);
    let running = child.try_wait().expect("a process").is_none();
    child.kill().expect("it can be killed");
    child.wait().expect("it ends");
    running
}

/// How long a command takes.
fn time_of(shop: &Folder, arguments: &[&str]) -> Duration {
    let began = SystemClock.now();
    shop.done(arguments);
    (SystemClock.now() - began).to_std().expect("a duration")
}

#[tokio::test]
async fn a_killed_back_up_leaves_no_file_or_all_of_it() {
    let shop = Folder::demo();
    change(&shop.file(DATABASE), FILLER).await;
    let takes = ["a.sqlite", "b.sqlite"].map(|to| time_of(&shop, &["backup", "--to", to]));
    let takes = takes[0].min(takes[1]);
    let (mut killed, mut whole) = (0, 0);
    for round in 0..40 {
        let to = format!("{round}.sqlite");
        let running = killed_after(&shop, &["backup", "--to", &to], takes * round / 36);
        if shop.file(&to).exists() {
            whole += 1;
            let other = Folder::with_keys_of(shop.path());
            other.done(&["restore", "--from", text(&shop.file(&to))]);
            assert_eq!(number(&other.file(DATABASE), "SELECT count(*) FROM filler").await, 8_000);
        } else {
            assert!(running, "it has ended without a file");
            killed += 1;
        }
    }
    println!("{killed} back-ups were killed before they had their name, {whole} have all of it");
    assert!(killed > 0);
    // Whoever comes next is not in the way of what is left.
    shop.done(&["backup", "--to", "next.sqlite"]);
    shop.done(&["audit"]);
}

#[tokio::test]
async fn a_killed_restore_leaves_the_former_database_or_the_restored_one() {
    let shop = Folder::demo();
    change(&shop.file(DATABASE), FILLER).await;
    shop.done(&["backup", "--to", "back-up.sqlite"]);
    change(&shop.file(DATABASE), "UPDATE products SET name = 'Renamed'").await;
    let products = number(&shop.file(DATABASE), RENAMED).await;
    let restore = ["restore", "--replace", "--from", "back-up.sqlite"];
    let takes = time_of(&shop, &restore).min(time_of(&shop, &restore));

    let (mut former, mut restored) = (0, 0);
    for round in 0..40 {
        change(&shop.file(DATABASE), "UPDATE products SET name = 'Renamed'").await;
        // From the beginning to behind the end.
        let time = if round < 38 { takes * round / 36 } else { takes * 3 };
        killed_after(&shop, &restore, time);
        shop.done(&["audit"]);
        match number(&shop.file(DATABASE), RENAMED).await {
            0 => restored += 1,
            all if all == products => former += 1,
            some => panic!("{some} of {products} products have the name of the former database"),
        }
        assert_eq!(number(&shop.file(DATABASE), "SELECT count(*) FROM filler").await, 8_000);
    }
    println!("{former} times the former database was there, {restored} times the restored one");
    assert!(former > 0 && restored > 0, "{former} and {restored}");
}
