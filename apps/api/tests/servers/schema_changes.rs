//! A database on a server is changed by those who say so, once.

use std::process::Output;

use jangteo_test_services::shared;

use crate::DATABASE;
use crate::support::{Server, new_ring, run};

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn new_database() -> String {
    shared(DATABASE.expect("these tests are about servers")).new_database()
}

#[test]
fn a_server_does_not_start_while_changes_are_missing_and_says_so() {
    let url = new_database();
    let ring = new_ring();
    let variables = [("JANGTEO__DATABASE__URL", url.as_str()), ("JANGTEO__KEYS__RING", &ring)];
    let jangteo = |arguments: &[&str]| run(&variables, arguments);
    for refused in [&["serve"][..], &["demo"], &[]] {
        let refused = jangteo(refused);
        assert_eq!(refused.status.code(), Some(1), "{}", text(&refused));
        assert!(text(&refused).contains("jangteo migrate"), "{}", text(&refused));
        assert!(text(&refused).contains("create_users"), "{}", text(&refused));
    }
    let missing = jangteo(&["migrate", "--check"]);
    assert_eq!(missing.status.code(), Some(1), "{}", text(&missing));
    assert!(text(&missing).contains("missing: "), "{}", text(&missing));

    let made = jangteo(&["migrate"]);
    assert_eq!(made.status.code(), Some(0), "{}", text(&made));
    assert!(text(&made).contains("made: "), "{}", text(&made));
    assert_eq!(jangteo(&["migrate", "--check"]).status.code(), Some(0));

    assert_eq!(jangteo(&["migrate", "--down", "1"]).status.code(), Some(0));
    let refused = jangteo(&["serve"]);
    assert_eq!(refused.status.code(), Some(1), "{}", text(&refused));
    assert!(!text(&refused).contains("create_users"), "{}", text(&refused));
}

#[test]
fn of_servers_that_change_the_schema_at_once_one_does() {
    let url = new_database();
    let migrating: Vec<_> = (0..4)
        .map(|_| {
            let url = url.clone();
            std::thread::spawn(move || run(&[("JANGTEO__DATABASE__URL", &url)], &["migrate"]))
        })
        .collect();
    let done: Vec<_> = migrating.into_iter().map(|one| one.join().expect("it ends")).collect();
    for one in &done {
        assert_eq!(one.status.code(), Some(0), "{}", text(one));
    }
    assert_eq!(done.iter().filter(|one| text(one).contains("made: ")).count(), 1);
    assert_eq!(done.iter().filter(|one| text(one).contains("up to date")).count(), 3);
}

#[tokio::test]
async fn a_server_starts_without_changing_what_is_up_to_date() {
    let server = Server::start();
    let minji = server.customer().await;
    minji.charge(1_000).await;
    assert_eq!(server.run(&["migrate", "--check"], "").status.code(), Some(0));
    let demo = server.run(&["demo"], "");
    assert_eq!(demo.status.code(), Some(0), "{}", text(&demo));
    server.adds_up();
}
