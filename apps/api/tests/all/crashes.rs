//! The server killed under load: what was acknowledged is there, and what was not can be sent again.

use std::collections::BTreeMap;
use std::sync::Arc;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::support::{Person, Server, next};

const BUYERS: usize = 16;
const RECEIVED: u32 = 1_000_000;

/// An order that somebody sent: by its key, with the id that was answered, if anything was.
pub(crate) type Sent = BTreeMap<String, Option<String>>;

/// Buys until the server is gone, and says what was sent.
pub(crate) async fn buy(
    person: Person,
    products: Arc<[String; 2]>,
    acknowledged: mpsc::UnboundedSender<()>,
) -> Sent {
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

/// All orders of the shop by id, with their units of each product.
async fn all_orders(admin: &Person) -> BTreeMap<String, Vec<(String, i64)>> {
    let mut orders = BTreeMap::new();
    let mut path = "/admin/orders?limit=100".to_owned();
    loop {
        let page = admin.get(&path).await.is(200);
        for order in page.items() {
            let lines = order["items"].as_array().expect("items").iter();
            let units = |line: &Value| {
                (
                    line["productId"].as_str().expect("an id").to_owned(),
                    line["quantity"].as_i64().expect("units"),
                )
            };
            assert!(
                orders
                    .insert(order["id"].as_str().expect("an id").to_owned(), lines.map(units).collect())
                    .is_none()
            );
        }
        let Some(cursor) = page.body["nextCursor"].as_str() else { return orders };
        path = format!("/admin/orders?limit=100&cursor={cursor}");
    }
}

/// Hard case 18: the process is killed between commit and answer, among other moments.
#[tokio::test(flavor = "multi_thread")]
async fn hard_case_18_a_killed_server_has_lost_nothing_that_it_acknowledged() {
    let mut server = Server::start();
    let admin = server.admin().await;
    let products =
        Arc::new([admin.product("Mug", 1_000, RECEIVED).await, admin.product("Cup", 2_000, RECEIVED).await]);
    let mut buyers = Vec::new();
    for _ in 0..BUYERS {
        buyers.push(server.customer().await);
    }
    let (mut all, mut sent_again) = (0, 0);
    for round in 0..5_usize {
        let (acknowledged, mut acknowledgements) = mpsc::unbounded_channel();
        let mut buying = JoinSet::new();
        for (n, buyer) in buyers.iter().enumerate() {
            let buyer = buyer.at(&server);
            let (products, acknowledged) = (Arc::clone(&products), acknowledged.clone());
            buying.spawn(async move { (n, buy(buyer, products, acknowledged).await) });
        }
        // A different number of answers each time, so that the kill meets different moments.
        for _ in 0..50 + 17 * round {
            acknowledgements.recv().await.expect("an acknowledgement");
        }
        server.kill();
        let sent = buying.join_all().await;

        server = server.another();
        server.adds_up();
        let admin = admin.at(&server);
        let orders = all_orders(&admin).await;
        for (n, sent) in sent {
            let buyer = buyers[n].at(&server);
            for (key, acknowledged) in sent {
                all += 1;
                if let Some(order) = acknowledged {
                    assert!(orders.contains_key(&order), "acknowledged and lost: {order}");
                } else {
                    // Nobody knows whether it was placed. Sent again, it has been, once.
                    buyer.keyed("/orders", &key, &body(&key, &products)).await.is(201);
                    sent_again += 1;
                }
            }
        }
        let orders = all_orders(&admin).await;
        assert_eq!(orders.len(), all, "an order for each key, and none twice");
        for product in products.iter() {
            let sold: i64 =
                orders.values().flatten().filter(|(id, _)| id == product).map(|(_, units)| units).sum();
            assert_eq!(admin.stock(product).await + sold, i64::from(RECEIVED));
        }
        server.adds_up();
    }
    println!("{all} orders, {sent_again} of them sent again");
}
