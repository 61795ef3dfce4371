//! Three instances behind HAProxy, replaced one after the other under load: nobody who buys notices.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use jangteo_test_services::HaProxy;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::support::{Person, Server, Wire, figure};

/// The file that people use.
const CONFIGURATION: &str = include_str!("../../../../deploy/haproxy/haproxy.cfg");
/// Where it listens, and the instances that it knows.
const LISTENS: &str = "192.0.2.1:80\n";
const INSTANCES: [&str; 3] = ["192.0.2.11:8080\n", "192.0.2.12:8080\n", "192.0.2.13:8080\n"];

/// What that file asks of an instance.
const DRAIN_DELAY: (&str, &str) = ("JANGTEO__SERVER__DRAIN_DELAY", "5s");

const SHOPPERS: usize = 8;
const STOCK: u32 = 1_000_000;

/// The file, with other addresses and otherwise as it stands.
fn configuration(listens: &str, instances: [&str; 3]) -> String {
    let written = [LISTENS, INSTANCES[0], INSTANCES[1], INSTANCES[2]];
    let meant = [listens, instances[0], instances[1], instances[2]];
    let replace = |text: String, (written, meant): (&str, &str)| {
        assert_eq!(text.matches(written).count(), 1, "{written}");
        text.replace(written, &format!("{meant}\n"))
    };
    written.into_iter().zip(meant).fold(CONFIGURATION.to_owned(), replace)
}

/// Orders, looks the order up and looks at the product, again and again on one connection, until it is told to stop. What is
/// not answered as it should be, or not at all, ends the test: nothing is sent twice. Gives the orders.
async fn shop(
    proxy: String,
    minji: Person,
    mug: String,
    stopping: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
) -> (Person, Vec<String>) {
    let mut wire = Wire::open(&proxy).await;
    let body = json!({ "items": [{ "productId": mug, "quantity": 1 }] }).to_string();
    let who = format!("Host: {proxy}\r\nAuthorization: Bearer {}\r\n", minji.access_token);
    let mut orders = Vec::new();
    while !stopping.load(Ordering::Relaxed) {
        let order = format!(
            "POST /api/v1/orders HTTP/1.1\r\n{who}Idempotency-Key: {}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            orders.len(),
            body.len(),
        );
        let placed = wire.ask(&order).await.is(201).id().to_owned();
        let look = format!("GET /api/v1/orders/{placed} HTTP/1.1\r\n{who}\r\n");
        assert_eq!(wire.ask(&look).await.is(200).id(), placed);
        wire.get(&format!("/api/v1/products/{mug}")).await.is(200);
        answered.fetch_add(3, Ordering::Relaxed);
        orders.push(placed);
    }
    (minji, orders)
}

/// Waits until an instance has decided about orders, which come to it through the proxy only.
async fn takes_part(instance: &Server) {
    const ORDERS: &str = r#"jangteo_group_set_size_count{kind="place_order"}"#;
    let look = async {
        while figure(&instance.api(), ORDERS).await == 0 {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(Duration::from_mins(1), look).await.expect("it gets orders");
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_that_are_replaced_one_after_the_other_lose_no_request() {
    let first = Server::with(&[DRAIN_DELAY]);
    let (second, third) = (first.another(), first.another());
    let mut instances = [first, second, third];
    let admin = instances[0].admin().await;
    let mug = admin.product("Mug", 1_000, STOCK).await;
    let proxy = {
        let addresses = instances.each_ref().map(Server::address);
        HaProxy::start(|listens| configuration(listens, addresses))
    };

    let (stopping, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut buying = JoinSet::new();
    for _ in 0..SHOPPERS {
        let minji = instances[0].customer().await;
        let (stopping, answered) = (Arc::clone(&stopping), Arc::clone(&answered));
        buying.spawn(shop(proxy.address(), minji, mug.clone(), stopping, answered));
    }
    for instance in &instances {
        takes_part(instance).await;
    }
    for instance in &mut instances {
        let before = answered.load(Ordering::Relaxed);
        let address = instance.address().to_owned();
        assert!(instance.stop().success(), "{}", instance.log());
        let meanwhile = answered.load(Ordering::Relaxed) - before;
        assert!(meanwhile > SHOPPERS, "{meanwhile} answers while it drained");
        *instance = instance.another_with(&[("JANGTEO__SERVER__BIND", &address)]);
        takes_part(instance).await;
    }
    stopping.store(true, Ordering::Relaxed);
    let acknowledged = buying.join_all().await;

    let mut placed = 0;
    for (minji, orders) in &acknowledged {
        let minji = minji.at(&instances[0]);
        for order in orders {
            minji.get(&format!("/orders/{order}")).await.is(200);
        }
        placed += orders.len();
    }
    let sold = i64::from(STOCK) - admin.at(&instances[0]).stock(&mug).await;
    assert_eq!(usize::try_from(sold).expect("some"), placed, "no order that nobody knows of");
    assert!(!instances[0].log().contains("not everything ended"));
    instances[0].adds_up();
    println!("{placed} orders, {} answers", answered.load(Ordering::Relaxed));
}
