//! Many claims at once: exactly as many coupons as there are, first come first served.

use std::collections::BTreeSet;

use serde_json::json;
use tokio::task::JoinSet;

use crate::support::{Api, Person, Reply, Server};

/// This many people, in groups that act at the same time. A group shares its connections.
async fn crowd(server: &Server, groups: usize, size: usize) -> Vec<Vec<Person>> {
    let clients: Vec<Api> = (0..4).map(|_| server.api()).collect();
    let mut arriving = JoinSet::new();
    for api in clients.iter().cycle().take(groups) {
        let api = api.clone();
        arriving.spawn(async move {
            let mut people = Vec::new();
            for _ in 0..size {
                people.push(api.sign_up().await);
            }
            people
        });
    }
    arriving.join_all().await
}

fn count(replies: &[Reply], status: u16, code: &str) -> usize {
    let is =
        |reply: &&Reply| (reply.status, reply.body["code"].as_str().unwrap_or_default()) == (status, code);
    replies.iter().filter(is).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_people_claim_five_hundred_coupons() {
    let server = Server::start();
    let admin = server.admin().await;
    let campaign = admin.campaign(500, json!({})).await;
    let mut claiming = JoinSet::new();
    for people in crowd(&server, 100, 20).await {
        let campaign = campaign.clone();
        claiming.spawn(async move {
            let mut replies = Vec::new();
            for person in people {
                replies.push(person.claim(&campaign).await);
            }
            replies
        });
    }
    let replies = claiming.join_all().await.concat();
    assert_eq!((count(&replies, 201, ""), count(&replies, 409, "coupon-sold-out")), (500, 1_500));

    let issued: Vec<_> = replies.iter().filter(|reply| reply.status == 201).collect();
    let sequences: BTreeSet<_> =
        issued.iter().map(|reply| reply.body["sequence"].as_u64().unwrap()).collect();
    assert_eq!(sequences, (1..=500).collect());
    let people: BTreeSet<_> = issued.iter().map(|reply| reply.body["userId"].as_str().unwrap()).collect();
    assert_eq!(people.len(), 500);
    let shown = admin.get(&format!("/coupons/{campaign}")).await.is(200).body;
    assert_eq!((&shown["claimed"], &shown["remaining"]), (&json!(500), &json!(0)));
    assert_eq!(shown["state"], "SOLD_OUT");
    server.adds_up();
}

/// Two servers on one database hand out one campaign, and nobody gets past the limit by asking both.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_more_than_the_limit_however_often_they_ask() {
    let server = Server::start();
    let second = server.another();
    let admin = server.admin().await;
    let campaign = admin.campaign(20, json!({ "perUserLimit": 2 })).await;
    let people = crowd(&server, 15, 1).await.concat();
    let mut claiming = JoinSet::new();
    for person in &people {
        for n in 0..6 {
            let person = if n % 2 == 0 { person.clone() } else { person.at(&second) };
            let campaign = campaign.clone();
            claiming.spawn(async move { person.claim(&campaign).await });
        }
    }
    let replies = claiming.join_all().await;
    let refused = count(&replies, 409, "coupon-already-claimed") + count(&replies, 409, "coupon-sold-out");
    assert_eq!((count(&replies, 201, ""), refused), (20, 70));
    let mut held = 0;
    for person in &people {
        let coupons = person.coupon_statuses().await.len();
        assert!(coupons <= 2);
        held += coupons;
    }
    assert_eq!(held, 20);
}

/// Hard case 11: retries after lost answers, all at once.
#[tokio::test(flavor = "multi_thread")]
async fn hard_case_11_fifty_claims_under_one_key_are_one() {
    let server = Server::start();
    let (admin, minji) = (server.admin().await, server.customer().await);
    let path = format!("/coupons/{}/claims", admin.campaign(100, json!({ "perUserLimit": 100 })).await);
    let mut claiming = JoinSet::new();
    for _ in 0..50 {
        let (minji, path) = (minji.clone(), path.clone());
        claiming.spawn(async move { minji.keyed_bare(&path, "k").await });
    }
    let replies = claiming.join_all().await;
    assert_eq!(count(&replies, 201, ""), 50);
    assert!(replies.iter().all(|reply| reply.text == replies[0].text));
    let replays = replies.iter().filter(|reply| reply.header("idempotency-replayed") == Some("true"));
    assert_eq!((replays.count(), minji.coupon_statuses().await.len()), (49, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_orders_at_once_gets_the_coupon() {
    let server = Server::start();
    let (admin, minji) = (server.admin().await, server.customer().await);
    // Two products, so that no stock stands between the two orders.
    let products = [admin.product("Mug", 12_000, 50).await, admin.product("Tea", 12_000, 50).await];
    for _ in 0..5 {
        let coupon = minji.claim(&admin.campaign(1, json!({})).await).await.is(201).id().to_owned();
        let mut ordering = JoinSet::new();
        for product in products.clone() {
            let (minji, coupon) = (minji.clone(), coupon.clone());
            ordering.spawn(async move { minji.order_with(&product, 1, &coupon).await });
        }
        let replies = ordering.join_all().await;
        assert_eq!((count(&replies, 201, ""), count(&replies, 409, "coupon-not-usable")), (1, 1));
        let won = replies.iter().find(|reply| reply.status == 201).unwrap();
        assert_eq!(won.body["total"]["amount"], 11_000);
    }
    assert_eq!(minji.stock(&products[0]).await + minji.stock(&products[1]).await, 95);
}
