//! The drill: backed up under load, restored elsewhere, and nothing that was acknowledged is missing.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::sleep;

use super::Folder;
use super::folder::{said, text};
use crate::support::{Person, Reply, Server, next};

const SHOPPERS: usize = 6;
const BACK_UPS: usize = 3;
/// So many requests are answered between one back-up and the next.
const BETWEEN: usize = 60;

/// A request that was answered with 201.
#[derive(Clone)]
struct Acknowledged {
    shopper: usize,
    path: String,
    key: String,
    body: Value,
    reply: Reply,
}

type Log = Arc<Mutex<Vec<Acknowledged>>>;

struct Shopper {
    number: usize,
    person: Person,
    product: String,
    campaign: String,
    log: Log,
}

impl Shopper {
    async fn shop(self, closing: Arc<AtomicBool>) {
        while !closing.load(Ordering::Relaxed) {
            let items = json!([{ "productId": self.product, "quantity": 1 }]);
            let order = self.ask("/orders", json!({ "items": items })).await;
            if next().is_multiple_of(2) {
                self.ask("/payments", json!({ "orderId": order.id() })).await;
            }
            self.ask(&format!("/coupons/{}/claims", self.campaign), Value::Null).await;
        }
    }

    /// Every request takes effect: one that had to wait for a back-up would be a 503.
    async fn ask(&self, path: &str, body: Value) -> Reply {
        let key = format!("drill-{}", next());
        let reply = send(&self.person, path, &key, &body).await.is(201);
        let (path, number) = (path.to_owned(), self.number);
        let acknowledged = Acknowledged { shopper: number, path, key, body, reply: reply.clone() };
        self.log.lock().unwrap().push(acknowledged);
        reply
    }
}

async fn send(person: &Person, path: &str, key: &str, body: &Value) -> Reply {
    if body.is_null() { person.keyed_bare(path, key).await } else { person.keyed(path, key, body).await }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_before_a_back_up_under_load_is_there_after_a_restore() {
    let mut server = Server::start();
    let admin = server.admin().await;
    let product = admin.product("Mug", 1_000, 1_000_000).await;
    let campaign = admin.campaign(1_000_000, json!({ "perUserLimit": 1_000_000 })).await;
    let (log, closing) = (Log::default(), Arc::new(AtomicBool::new(false)));
    let (mut shopping, mut people) = (JoinSet::new(), Vec::new());
    for number in 0..SHOPPERS {
        let person = server.customer().await;
        person.charge(10_000_000).await;
        people.push(person.clone());
        let (product, campaign, log) = (product.clone(), campaign.clone(), Arc::clone(&log));
        shopping.spawn(Shopper { number, person, product, campaign, log }.shop(Arc::clone(&closing)));
    }
    let back_ups = Folder::empty();
    let mut made = Vec::new();
    for number in 0..BACK_UPS {
        wait_for(&log, BETWEEN).await;
        let file = back_ups.file(&format!("{number}.sqlite"));
        let before = log.lock().unwrap().len();
        let command = server.spawn(&["backup", "--to", text(&file)]);
        let output = spawn_blocking(|| command.wait_with_output()).await.unwrap().expect("it ends");
        let during = log.lock().unwrap().len() - before;
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        assert!(said(&output).contains("all 38 rules hold"), "{}", said(&output));
        assert!(said(&output).contains("data/keys/keys.json"), "{}", said(&output));
        assert!(during > 0, "nobody was answered during the back-up");
        made.push((file, before, during));
    }
    wait_for(&log, BETWEEN).await;
    closing.store(true, Ordering::Relaxed);
    shopping.join_all().await;
    server.stop();
    assert_eq!(back_ups.names("."), ["0.sqlite", "1.sqlite", "2.sqlite"], "nothing is left beside them");

    let log = log.lock().unwrap().clone();
    for (file, before, during) in made {
        only_for_its_owner(&file);
        let bytes = std::fs::read(&file).unwrap();
        let folder = Folder::with_keys_of(server.folder());
        let told = folder.done(&["restore", "--from", text(&file)]);
        assert!(told.contains("as of 20") && told.contains("FLUSHDB"), "{told}");
        assert_eq!(folder.names("data"), ["jangteo.sqlite", "keys"]);
        folder.done(&["audit"]);
        folder.done(&["keys", "list"]);
        let restored = folder.serve();
        restored.log_in(&people[0].email).await.get("/users/me").await.is(200);
        let kept = holds(&restored, &people, &log, before).await;
        restored.adds_up();
        assert_eq!(std::fs::read(&file).unwrap(), bytes, "the back-up itself stays as it is");
        println!(
            "{before} answers before a back-up and {during} during it; {kept} orders restored of {}",
            log.len()
        );
    }
    assert_eq!(back_ups.names("."), ["0.sqlite", "1.sqlite", "2.sqlite"]);
}

/// What was acknowledged is there and is answered again, and nothing is there that nobody has asked for. Gives how many
/// orders there are.
async fn holds(restored: &Server, people: &[Person], log: &[Acknowledged], before: usize) -> usize {
    let mut kept = 0;
    for (number, person) in people.iter().enumerate() {
        let person = person.at(restored);
        let of_this = |path: &'static str| {
            let mine = move |one: &&Acknowledged| one.shopper == number && one.path == path;
            move |log: &[Acknowledged]| -> BTreeSet<String> {
                log.iter().filter(mine).map(|one| one.reply.id().to_owned()).collect()
            }
        };
        let orders = of_this("/orders");
        let (known, asked) = (orders(&log[..before]), orders(log));
        let found = all_orders(&person).await;
        assert!(known.is_subset(&found), "missing: {:?}", known.difference(&found).collect::<Vec<_>>());
        assert!(found.is_subset(&asked), "invented: {:?}", found.difference(&asked).collect::<Vec<_>>());
        kept += found.len();
    }
    for one in &log[..before] {
        let person = people[one.shopper].at(restored);
        let again = send(&person, &one.path, &one.key, &one.body).await;
        assert_eq!((again.status, &again.text), (201, &one.reply.text), "{} {}", one.path, one.key);
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
    }
    kept
}

async fn all_orders(person: &Person) -> BTreeSet<String> {
    let (mut found, mut cursor) = (BTreeSet::new(), String::new());
    loop {
        let page = person.get(&format!("/orders?limit=100{cursor}")).await.is(200);
        found.extend(page.items().iter().map(|order| order["id"].as_str().expect("an id").to_owned()));
        let Some(next) = page.body["nextCursor"].as_str() else { return found };
        cursor = format!("&cursor={next}");
    }
}

async fn wait_for(log: &Log, answers: usize) {
    let enough = log.lock().unwrap().len() + answers;
    while log.lock().unwrap().len() < enough {
        sleep(Duration::from_millis(5)).await;
    }
}

fn only_for_its_owner(file: &std::path::Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o7777, 0o600);
    }
    let _ = file;
}
