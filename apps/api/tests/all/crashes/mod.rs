//! The server killed under load: what was acknowledged is there, and what was not can be sent again.

mod operations;
mod request;
mod shopper;
mod total;

use std::sync::Arc;

use jangteo_storage_conformance::SeededEntropy;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::support::Server;
use shopper::{Goods, Shopper};

const SHOPPERS: usize = 8;
const RECEIVED: u32 = 1_000_000;

/// How many times the server is killed.
const KILLS: u64 = 50;

/// The variable that says so instead.
const KILLS_VARIABLE: &str = "JANGTEO_KILLS";

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

/// Hard case 18: the process is killed between commit and answer, among other moments.
///
/// `JANGTEO_KILLS` says how many times; `JANGTEO_TEST_SEED` repeats the choices of a run.
#[tokio::test(flavor = "multi_thread")]
async fn hard_case_18_a_killed_server_has_lost_nothing_that_it_acknowledged() {
    let kills =
        std::env::var(KILLS_VARIABLE).map_or(KILLS, |kills| kills.parse().expect("a number of kills"));
    let entropy = SeededEntropy::fresh();
    let mut server = Server::with(&[
        // So that orders expire while others are placed.
        ("JANGTEO__ORDERS__UNPAID_EXPIRY", "1s"),
        ("JANGTEO__SESSIONS__ACCESS_LIFETIME", "24h"),
    ]);
    let admin = server.admin().await;
    let goods = Arc::new(Goods {
        campaign: admin.campaign(RECEIVED, json!({ "perUserLimit": RECEIVED })).await,
        products: [admin.product("Mug", 1_000, RECEIVED).await, admin.product("Cup", 2_000, RECEIVED).await],
    });
    let mut shoppers = Vec::new();
    for _ in 0..SHOPPERS {
        let special = admin.product("Tea", 500, RECEIVED).await;
        let customer = server.customer().await;
        shoppers.push(Shopper::new(customer, admin.clone(), Arc::clone(&goods), special, entropy.clone()));
    }
    let (mut answered, mut sent_again) = (0, 0);
    for _ in 0..kills {
        let (answers, mut arriving) = mpsc::unbounded_channel();
        let mut shopping = JoinSet::new();
        for shopper in shoppers {
            shopping.spawn(shopper.at(&server).shop(answers.clone()));
        }
        for _ in 0..10 + entropy.number() % 100 {
            arriving.recv().await.expect("an answer");
        }
        server.kill();
        shoppers = shopping.join_all().await;

        server = server.another();
        server.adds_up();
        let mut checking = JoinSet::new();
        for shopper in shoppers {
            let mut shopper = shopper.at(&server);
            checking.spawn(async move { (shopper.check().await, shopper) });
        }
        shoppers = Vec::new();
        for ((all, again), shopper) in checking.join_all().await {
            answered += all;
            sent_again += again;
            shoppers.push(shopper);
        }
    }
    server.adds_up();
    println!("{kills} kills, {answered} answers, {sent_again} requests sent again");
    server.kill();
    let still = server.another_with(&[("JANGTEO__JOBS__ENABLED", "false")]);
    let shoppers: Vec<Shopper> = shoppers.into_iter().map(|shopper| shopper.at(&still)).collect();
    let (statuses, expired) = total::adds_up(&admin.at(&still), &shoppers, &goods, i64::from(RECEIVED)).await;
    println!("{statuses:?}, and {expired} lots of points expired");
    if kills >= KILLS {
        let met: Vec<&str> = statuses.keys().map(String::as_str).collect();
        let expected = ["CANCELLED", "EXPIRED", "PAID", "PARTIALLY_REFUNDED", "REFUNDED"];
        assert!(expected.iter().all(|status| met.contains(status)), "{met:?}");
        assert!(expired > 0, "no lot of points has expired");
    }
}
