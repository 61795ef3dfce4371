//! Events: what happened reaches the sink, whatever becomes of the server.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::TimeDelta;
use jangteo_application::{Envelope, EventSink, OutboxQueries, Relay, SinkError, Sources};
use jangteo_security::{SystemClock, SystemEntropy};
use jangteo_shared_kernel::{Clock, Timestamp};
use jangteo_storage_sea_orm::{SeaOrmStorage, StorageOptions};
use jangteo_user::{CipherError, Email, EmailLookup, FieldCipher, FieldPlace};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::support::{Person, Server, next};

const LOGGED: [(&str, &str); 2] =
    [("JANGTEO__LOG__FORMAT", "json"), ("JANGTEO__LOG__FILTER", "info,jangteo_api=debug")];

/// The subjects of a kind that the log has taken.
fn logged(server: &Server, kind: &str) -> BTreeSet<String> {
    let log = server.log();
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let events = lines.filter(|line| line["message"] == "event" && line["kind"] == kind);
    events.map(|line| line["subject"].as_str().expect("a subject").to_owned()).collect()
}

/// Asks until the log has as many events of a kind.
async fn wait_for(server: &Server, kind: &str, count: usize) {
    // Far less than a lease lasts.
    wait_within(Duration::from_secs(20), server, kind, count).await;
}

async fn wait_within(patience: Duration, server: &Server, kind: &str, count: usize) {
    let look = async {
        while logged(server, kind).len() < count {
            server.api().get("//livez").await.is(200);
        }
    };
    timeout(patience, look).await.expect("the events are delivered");
}

/// Remembers what it took.
#[derive(Default)]
struct Recording(Mutex<BTreeSet<(String, String)>>);

impl EventSink for Recording {
    async fn deliver_event(&self, event: &Envelope) -> Result<(), SinkError> {
        self.0.lock().unwrap().insert((event.kind.clone(), event.subject.clone()));
        Ok(())
    }
}

/// The time a minute from now, when every lease of now has run out.
struct Ahead;

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        SystemClock.now() + TimeDelta::minutes(1)
    }
}

/// Reads no personal data.
struct NoPeople;

impl FieldCipher for NoPeople {
    fn seal(&self, _: FieldPlace, _: &str) -> Result<Vec<u8>, CipherError> {
        Err(CipherError)
    }

    fn open(&self, _: FieldPlace, _: &[u8]) -> Result<String, CipherError> {
        Err(CipherError)
    }

    fn key_of(&self, _: &[u8]) -> Result<u32, CipherError> {
        Err(CipherError)
    }

    fn email_lookup(&self, _: &Email) -> EmailLookup {
        EmailLookup([0; 32])
    }
}

/// What is left in the outbox of a server that is gone: kinds and subjects.
async fn left_by(server: &Server) -> BTreeSet<(String, String)> {
    let options = StorageOptions::new(server.database_url());
    let storage = SeaOrmStorage::connect(&options, Arc::new(NoPeople)).await.expect("the database opens");
    let (_stop, stopping) = watch::channel(false);
    let mut relay = Relay::new(Sources::new(Arc::new(Ahead), Arc::new(SystemEntropy)), stopping);
    let sink = Recording::default();
    while storage.last_undelivered_event().await.expect("the outbox is read").is_some() {
        let relayed = relay.relay_pass(&storage, &sink).await.expect("the outbox is read");
        assert!(!relayed.elsewhere && relayed.failed == 0);
    }
    // The next server has the clock of now, and no patience.
    relay.release(&storage).await.expect("the lease is given up");
    storage.close().await.expect("the database closes");
    sink.0.into_inner().unwrap()
}

#[tokio::test]
async fn what_happens_is_delivered_and_the_next_server_need_not_wait() {
    let mut server = Server::with(&LOGGED);
    let minji = server.customer().await;
    wait_for(&server, "jangteo.user.registered.v1", 1).await;
    assert_eq!(logged(&server, "jangteo.user.registered.v1"), BTreeSet::from([format!("user/{}", minji.id)]));
    assert!(server.stop().success());
    let next = server.another();
    next.customer().await;
    wait_for(&next, "jangteo.user.registered.v1", 2).await;
}

/// Two servers on one database: one of them delivers.
#[tokio::test]
async fn two_servers_deliver_each_event_once() {
    let server = Server::with(&LOGGED);
    let other = server.another();
    for n in 1..=10 {
        if n % 2 == 0 {
            server.customer().await
        } else {
            other.customer().await
        };
    }
    wait_for(&server, "jangteo.user.registered.v1", 10).await;
    let lines = server.log().matches("jangteo.user.registered.v1").count();
    assert_eq!(lines, 10, "both write to one log");
}

#[tokio::test]
async fn a_server_without_jobs_delivers_nothing() {
    let mut server = Server::with(&[LOGGED[0], LOGGED[1], ("JANGTEO__JOBS__ENABLED", "false")]);
    let minji = server.customer().await;
    assert!(server.stop().success());
    assert_eq!(logged(&server, "jangteo.user.registered.v1"), BTreeSet::new());
    let registered = ("jangteo.user.registered.v1".to_owned(), format!("user/{}", minji.id));
    assert_eq!(left_by(&server).await, BTreeSet::from([registered]));
}

/// An order that somebody sent: by its key, with the id that was answered, if anything was.
type Sent = BTreeMap<String, Option<String>>;

/// Buys until the server is gone, and says what was sent.
async fn buy(person: Person, products: Arc<[String; 2]>, acknowledged: mpsc::UnboundedSender<()>) -> Sent {
    let mut sent = Sent::new();
    loop {
        let key = format!("crash-{}", next());
        sent.insert(key.clone(), None);
        let request = person
            .request(Method::POST, "/orders")
            .header("Idempotency-Key", &key)
            .json(&body(&key, &products));
        let Ok(answer) = request.send().await else { return sent };
        let status = answer.status();
        let Ok(order) = answer.json::<Value>().await else { return sent };
        assert_eq!(status, 201, "{order}");
        sent.insert(key, order["id"].as_str().map(str::to_owned));
        let _ = acknowledged.send(());
    }
}

/// The order under a key, the same whenever it is sent.
fn body(key: &str, products: &[String; 2]) -> Value {
    let quantity = key.bytes().map(u32::from).sum::<u32>() % 3 + 1;
    json!({ "items": [{ "productId": products[0], "quantity": quantity }, { "productId": products[1], "quantity": 1 }] })
}

/// Killed at moments that differ; some of them are between delivery and mark.
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_has_lost_no_event_of_what_it_acknowledged() {
    const PLACED: &str = "jangteo.order.placed.v1";
    let mut server = Server::with(&LOGGED);
    let admin = server.admin().await;
    let products = Arc::new([
        admin.product("Mug", 1_000, 1_000_000).await,
        admin.product("Cup", 2_000, 1_000_000).await,
    ]);
    let mut buyers = Vec::new();
    for _ in 0..8 {
        buyers.push(server.customer().await);
    }
    let (mut acknowledged, mut found_late) = (BTreeSet::new(), BTreeSet::new());
    for round in 0..4_usize {
        let (answers, mut answered) = mpsc::unbounded_channel();
        let mut buying = JoinSet::new();
        for buyer in &buyers {
            buying.spawn(buy(buyer.at(&server), Arc::clone(&products), answers.clone()));
        }
        // Once something more was delivered the relay is at work, and it goes on as the orders do.
        let before = logged(&server, PLACED).len();
        // A server that was killed with nothing in its outbox has left a lease that has to run out.
        wait_within(Duration::from_mins(1), &server, PLACED, before + 1).await;
        for _ in 0..30 + 23 * round {
            answered.recv().await.expect("an acknowledgement");
        }
        server.kill();
        let sent = buying.join_all().await;
        acknowledged.extend(sent.into_iter().flat_map(BTreeMap::into_values).flatten());
        found_late.extend(
            left_by(&server).await.into_iter().filter(|(kind, _)| kind == PLACED).map(|(_, subject)| subject),
        );
        let mut delivered = logged(&server, PLACED);
        delivered.extend(found_late.iter().cloned());
        for order in &acknowledged {
            assert!(delivered.contains(&format!("order/{order}")), "no event of {order}");
        }
        server = server.another();
    }
    println!("{} orders, {} of them told after a kill", acknowledged.len(), found_late.len());
}
