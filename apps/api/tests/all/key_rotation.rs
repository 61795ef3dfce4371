//! Keys of personal data are replaced while people use the shop (ADR-040).

use std::io::{BufRead as _, BufReader};
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use jangteo_security::{ServiceKeys, SystemEntropy};
use serde_json::json;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::timeout;

use crate::support::{Api, Server};

/// Longer than anything here takes; whoever waits for it in vain has failed.
const LONG: Duration = Duration::from_mins(1);

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[track_caller]
fn done(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{}", text(output));
    text(output)
}

/// The ids of the keys in the file of a server.
fn ids(server: &Server) -> Vec<u32> {
    ServiceKeys::load(&server.key_file()).unwrap().fields.ring.ids().into_iter().collect()
}

/// How many accounts `keys list` counts for a key.
fn accounts(server: &Server, key: u32) -> u64 {
    let listed = text(&server.run(&["keys", "list"], ""));
    let line = listed.lines().find_map(|line| line.strip_prefix(&format!("key {key}: ")));
    let line = line.unwrap_or_else(|| panic!("no key {key} in {listed}"));
    line.split(' ').next().unwrap().parse().unwrap()
}

/// Renames somebody and looks, again and again, at any of the servers; says how often.
async fn use_shop(people: Vec<Api>, stop: Arc<AtomicBool>, rounds: Arc<AtomicU64>) {
    for n in 0_u64.. {
        for api in &people {
            let name = format!("이름 {n}");
            let edited = api.patch("/users/me", &json!({ "name": name })).await.is(200);
            assert_eq!(edited.body["name"], name);
            if stop.load(Ordering::Relaxed) {
                return;
            }
        }
        for api in &people {
            api.get("/users/me").await.is(200);
        }
        rounds.fetch_add(1, Ordering::Relaxed);
    }
}

/// Somebody is looked at by one server after another one has written them with a key that the first has never heard of.
#[tokio::test(flavor = "multi_thread")]
async fn personal_data_moves_to_a_new_key_while_people_use_the_shop() {
    let server = Arc::new(Server::start());
    let other = server.another();
    let tokens = server.crowd(450).await;
    let (stop, rounds) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let mut people = JoinSet::new();
    for tokens in tokens[..120].chunks(30) {
        // The next request of each goes to the other server.
        let at = |n: usize, token: &str| {
            let api = server.api().with_token(token);
            if n == 0 { api } else { api.at(&other.url()) }
        };
        let both = tokens.iter().flat_map(|token| [at(0, token), at(1, token)]).collect();
        people.spawn(use_shop(both, Arc::clone(&stop), Arc::clone(&rounds)));
    }
    let rotating = Arc::clone(&server);
    let rotated = spawn_blocking(move || rotating.run(&["keys", "rotate"], "")).await.unwrap();
    assert!(done(&rotated).contains("Key 2 is the current one now."), "{}", text(&rotated));
    assert!(text(&rotated).contains("No account needs another key."), "{}", text(&rotated));
    assert_eq!((accounts(&server, 1), accounts(&server, 2)), (0, 450));

    // The old key is gone for good, and nobody notices.
    assert!(done(&server.run(&["keys", "prune"], "")).contains("Took away key 1"));
    assert_eq!(ids(&server), [2]);
    let so_far = rounds.load(Ordering::Relaxed);
    let more = timeout(LONG, async {
        while rounds.load(Ordering::Relaxed) < so_far + 8 {
            tokio::task::yield_now().await;
        }
    });
    more.await.expect("people go on");
    stop.store(true, Ordering::Relaxed);
    people.join_all().await;
    for api in [server.api(), other.api(), server.another().api()] {
        for token in &tokens {
            api.with_token(token).get("/users/me").await.is(200);
        }
    }
    assert_eq!((accounts(&server, 2), ids(&server)), (450, vec![2]));
    server.adds_up();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_that_is_killed_goes_on_where_it_was() {
    let server = Server::start();
    let tokens = server.crowd(1_200).await;
    let mut rotation = server.spawn(&["keys", "rotate"]);
    let mut told = String::new();
    BufReader::new(rotation.stderr.take().unwrap()).read_line(&mut told).unwrap();
    rotation.kill().unwrap();
    rotation.wait().unwrap();
    assert_eq!(told, "200 of 1200 accounts\n");
    let left = accounts(&server, 1);
    assert!((1..1_200).contains(&left), "{left} are left");
    assert_eq!(left + accounts(&server, 2), 1_200);

    // Nobody takes a key away that is needed.
    assert!(done(&server.run(&["keys", "prune"], "")).contains("Nothing has changed"));
    let rotated = done(&server.run(&["keys", "rotate"], ""));
    assert!(rotated.contains(&format!("Going on: {left} of 1200 accounts")), "{rotated}");
    assert!(rotated.contains(&format!("Sealed {left} accounts again with key 2.")), "{rotated}");
    assert_eq!(ids(&server), [1, 2]);
    assert_eq!((accounts(&server, 1), accounts(&server, 2)), (0, 1_200));

    // The next one has nothing to go on with, and begins anew; so does one that is told to.
    assert!(done(&server.run(&["keys", "rotate"], "")).contains("Key 3 is the current one now."));
    done(&server.run(&["keys", "prune"], ""));
    assert_eq!(ids(&server), [3]);
    for token in tokens.iter().step_by(100) {
        server.api().with_token(token).get("/users/me").await.is(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_is_added_on_top_of_an_unfinished_rotation_if_it_is_asked_for() {
    let server = Server::start();
    server.crowd(5).await;
    // As a rotation leaves it that was killed before its first account.
    let mut keys = ServiceKeys::load(&server.key_file()).unwrap();
    keys.fields.ring = keys.fields.ring.with_new_key(&SystemEntropy).unwrap();
    jangteo_security::KeyFileLock::take(&server.key_file()).unwrap().replace(&keys, &SystemEntropy).unwrap();
    assert_eq!(accounts(&server, 1), 5);
    let rotated = done(&server.run(&["keys", "rotate", "--new-key"], ""));
    assert!(rotated.contains("Key 3 is the current one now."), "{rotated}");
    assert_eq!((ids(&server), accounts(&server, 3)), (vec![1, 2, 3], 5));
}

#[tokio::test]
async fn a_deleted_account_is_left_alone_and_one_of_meanwhile_counts() {
    let server = Server::start();
    let (minji, gone) = (server.customer().await, server.customer().await);
    gone.delete("/users/me").await.is(204);
    assert_eq!(accounts(&server, 1), 1);
    assert!(done(&server.run(&["keys", "rotate"], "")).contains("Sealed 1 accounts again with key 2."));
    // The server has heard of the key before the rotation ended.
    server.customer().await;
    assert_eq!((accounts(&server, 1), accounts(&server, 2)), (0, 2));
    minji.get("/users/me").await.is(200);
}

#[tokio::test]
async fn two_do_not_rotate_at_once() {
    let server = Server::start();
    server.customer().await;
    let held = jangteo_security::KeyFileLock::take(&server.key_file()).unwrap();
    for command in ["rotate", "prune"] {
        let refused = server.run(&["keys", command], "");
        assert_eq!(refused.status.code(), Some(1), "{}", text(&refused));
        assert!(text(&refused).contains("another command is changing"), "{}", text(&refused));
    }
    drop(held);
    done(&server.run(&["keys", "rotate"], ""));
}

#[tokio::test]
async fn a_ring_that_lacks_a_key_in_use_is_refused_and_listed() {
    let server = Server::start();
    server.customer().await;
    done(&server.run(&["keys", "rotate"], ""));
    let newest = ServiceKeys::load(&server.key_file()).unwrap();
    // An old copy of the file: a key without its id would be made next.
    let mut old = newest.clone();
    let only: Vec<_> = newest.fields.ring.older().map(|(id, key)| (id, key.clone())).collect();
    old.fields.ring = jangteo_security::KeyRing::new(1, only).unwrap();
    jangteo_security::KeyFileLock::take(&server.key_file()).unwrap().replace(&old, &SystemEntropy).unwrap();
    for command in ["rotate", "prune"] {
        let refused = server.run(&["keys", command], "");
        assert_eq!(refused.status.code(), Some(1));
        let said = text(&refused);
        assert!(said.contains("accounts need key 2, which the ring does not have"), "{said}");
    }
    assert_eq!(ids(&server), [1], "nothing was made");
    let listed = server.run(&["keys", "list"], "");
    assert_eq!(listed.status.code(), Some(1));
    assert!(text(&listed).contains("key 2: 1 accounts, MISSING"), "{}", text(&listed));
}

/// A ring that is given cannot be changed, but by whoever gives it.
#[tokio::test]
async fn with_keys_ring_the_operator_adds_the_key_and_the_rotation_uses_it() {
    let mut keys = ServiceKeys::generate(&SystemEntropy);
    let ring = |keys: &ServiceKeys| keys.to_text().unwrap().to_string();
    let mut server = Server::with(&[("JANGTEO__KEYS__RING", &ring(&keys))]);
    let minji = server.customer().await;
    assert!(!server.key_file().exists(), "no keys are made beside those that are given");
    let refused = server.run(&["keys", "rotate"], "");
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused).contains("keys.ring cannot be changed from here"), "{}", text(&refused));

    keys.fields.ring = keys.fields.ring.with_new_key(&SystemEntropy).unwrap();
    server.stop();
    let server = server.another_with(&[("JANGTEO__KEYS__RING", &ring(&keys))]);
    let rotated = done(&server.run(&["keys", "rotate"], ""));
    assert!(rotated.contains("Going on: 1 of 1 accounts"), "{rotated}");
    keys.fields.ring = keys.fields.ring.pruned(&[2].into());
    let server = server.another_with(&[("JANGTEO__KEYS__RING", &ring(&keys))]);
    minji.at(&server).get("/users/me").await.is(200);

    // A signal to read keys again is answered, and ends nobody.
    server.signal("HUP");
    let heard = timeout(LONG, async {
        while !server.log().contains("keys.ring is read at the start only") {
            server.api().get("//livez").await.is(200);
        }
    });
    heard.await.expect("it says so");
}
