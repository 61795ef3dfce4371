//! Commands that are killed half-way: there is a whole file or none.

use std::process::Child;
use std::thread::sleep;
use std::time::Duration;

use chrono::TimeDelta;
use jangteo_security::SystemClock;
use jangteo_shared_kernel::Clock;

use super::Folder;
use super::folder::{DATABASE, change, number};

/// Room for a command to be killed in: so many rows make the file some megabytes.
const FILLER: &str = "CREATE TABLE filler AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 8000) \
                      SELECT i, hex(randomblob(200)) AS text FROM n";

const RENAMED: &str = "SELECT count(*) FROM products WHERE name = 'Renamed'";

fn kill(mut child: Child) -> bool {
    let running = child.try_wait().expect("a process").is_none();
    child.kill().expect("it can be killed");
    child.wait().expect("it ends");
    running
}

#[tokio::test]
async fn a_killed_back_up_leaves_no_file() {
    let shop = Folder::demo();
    change(&shop.file(DATABASE), FILLER).await;
    let mut killed = 0;
    for number in 0..10 {
        let (to, draft) = (format!("{number}.sqlite"), format!(".{number}.sqlite."));
        let child = shop.spawn(&["backup", "--to", &to]);
        let patience = SystemClock.now() + TimeDelta::minutes(1);
        while !shop.names(".").iter().any(|name| name.starts_with(&draft) || *name == to) {
            assert!(SystemClock.now() < patience, "no draft has appeared");
            sleep(Duration::from_millis(1));
        }
        sleep(Duration::from_millis(number * 3));
        if kill(child) {
            killed += 1;
            assert!(!shop.names(".").contains(&to), "{:?}", shop.names("."));
        }
    }
    assert!(killed > 0, "every back-up was faster than its end");
    // Whoever comes next is not in the way of what is left.
    shop.done(&["backup", "--to", "whole.sqlite"]);
    shop.done(&["audit"]);
}

#[tokio::test]
async fn a_killed_restore_leaves_the_former_database_or_the_restored_one() {
    let shop = Folder::demo();
    change(&shop.file(DATABASE), FILLER).await;
    shop.done(&["backup", "--to", "back-up.sqlite"]);
    change(&shop.file(DATABASE), "UPDATE products SET name = 'Renamed'").await;
    let products = number(&shop.file(DATABASE), RENAMED).await;
    let restoring = || {
        let began = SystemClock.now();
        shop.done(&["restore", "--replace", "--from", "back-up.sqlite"]);
        (SystemClock.now() - began).to_std().expect("a duration")
    };
    let takes = restoring().min(restoring()).min(restoring());

    let (mut former, mut restored) = (0, 0);
    for round in 0..40 {
        change(&shop.file(DATABASE), "UPDATE products SET name = 'Renamed'").await;
        let child = shop.spawn(&["restore", "--replace", "--from", "back-up.sqlite"]);
        // From the beginning to behind the end.
        sleep(if round < 38 { takes * round / 36 } else { takes * 3 });
        kill(child);
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
