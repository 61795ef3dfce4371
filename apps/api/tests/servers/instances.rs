//! Three instances on one database and one Redis are one shop.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jangteo_test_services::RedisServer;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::support::{Api, Person, Reply, Server, counted};

/// Three instances, and the Redis that they share.
struct Shop {
    instances: [Server; 3],
    redis: RedisServer,
}

impl Shop {
    fn open(variables: &[(&str, &str)]) -> Self {
        let redis = RedisServer::start();
        let url = redis.url();
        // On a slow machine, too, nobody is sent away before it is their turn.
        let shared = [
            ("JANGTEO__REDIS__URL", url.as_str()),
            ("JANGTEO__DATABASE__ACQUIRE_TIMEOUT", "1m"),
            ("JANGTEO__SERVER__REQUEST_TIMEOUT", "2m"),
        ];
        let first = Server::with(&[&shared, variables].concat());
        let (second, third) = (first.another(), first.another());
        Self { instances: [first, second, third], redis }
    }

    fn first(&self) -> &Server {
        &self.instances[0]
    }

    /// A person at one of the instances, in turn.
    fn turn(&self, n: usize, person: &Person) -> Person {
        person.at(&self.instances[n % 3])
    }

    /// This many new customers, who go to the instances in turn.
    async fn customers(&self, count: usize) -> Vec<Person> {
        let mut arriving = JoinSet::new();
        for n in 0..count {
            let api = self.instances[n % 3].api();
            arriving.spawn(async move { api.sign_up().await });
        }
        arriving.join_all().await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn three_instances_sell_the_last_ten_units_once() {
    let shop = Shop::open(&[]);
    let admin = shop.first().admin().await;
    let mug = admin.product("Mug", 1_000, 10).await;
    let mut buying = JoinSet::new();
    for customer in shop.customers(200).await {
        let mug = mug.clone();
        buying.spawn(async move { customer.order(&[(&mug, 1)]).await });
    }
    let replies = buying.join_all().await;
    assert_eq!(counted(&replies), BTreeMap::from([((201, ""), 10), ((409, "out-of-stock"), 190)]));
    assert_eq!(admin.stock(&mug).await, 0);
    shop.first().adds_up();
}

/// Hard case 16: orders (A, B) and (B, A) at once, through three instances.
#[tokio::test(flavor = "multi_thread")]
async fn hard_case_16_crossed_orders_at_three_instances_get_the_last_ten_pairs() {
    let shop = Shop::open(&[]);
    let admin = shop.first().admin().await;
    let (a, b) = (admin.product("A", 1_000, 10).await, admin.product("B", 2_000, 15).await);
    let mut buying = JoinSet::new();
    for (n, customer) in shop.customers(200).await.into_iter().enumerate() {
        let (a, b) = if n % 2 == 0 { (a.clone(), b.clone()) } else { (b.clone(), a.clone()) };
        buying.spawn(async move { customer.order(&[(&a, 1), (&b, 1)]).await });
    }
    let replies = buying.join_all().await;
    assert_eq!(counted(&replies), BTreeMap::from([((201, ""), 10), ((409, "out-of-stock"), 190)]));
    assert_eq!((admin.stock(&a).await, admin.stock(&b).await), (0, 5));
    shop.first().adds_up();
}

/// Hard case 6: payments of one order at once, through three instances.
#[tokio::test(flavor = "multi_thread")]
async fn hard_case_6_sixty_payments_at_three_instances_are_one() {
    let shop = Shop::open(&[]);
    let (admin, minji) = (shop.first().admin().await, shop.first().customer().await);
    let mug = admin.product("Mug", 12_000, 10).await;
    minji.charge(100_000).await;
    let order = minji.order(&[(&mug, 2)]).await.is(201).id().to_owned();
    let mut paying = JoinSet::new();
    for n in 0..60 {
        let (minji, order) = (shop.turn(n, &minji), order.clone());
        paying.spawn(async move { minji.pay(&order).await });
    }
    let replies = paying.join_all().await;
    assert_eq!(counted(&replies), BTreeMap::from([((201, ""), 1), ((409, "already-paid"), 59)]));
    assert_eq!(minji.balance().await, 76_000);
    shop.first().adds_up();
}

/// Hard case 11: one key at three instances at once is one effect, accepted or refused.
#[tokio::test(flavor = "multi_thread")]
async fn hard_case_11_one_key_at_three_instances_is_one_effect() {
    let shop = Shop::open(&[]);
    let (admin, minji) = (shop.first().admin().await, shop.first().customer().await);
    let mug = admin.product("Mug", 1_000, 3).await;
    let send = async |key: &'static str, quantity: u32| {
        let mut sending = JoinSet::new();
        for n in 0..60 {
            let (minji, body) =
                (shop.turn(n, &minji), json!({ "items": [{ "productId": mug, "quantity": quantity }] }));
            sending.spawn(async move { minji.keyed("/orders", key, &body).await });
        }
        sending.join_all().await
    };
    let refused = send("refused", 4).await;
    assert_eq!(counted(&refused), BTreeMap::from([((409, "out-of-stock"), 60)]));
    let accepted = send("accepted", 3).await;
    assert_eq!(counted(&accepted), BTreeMap::from([((201, ""), 60)]));
    assert!(accepted.iter().all(|reply| reply.text == accepted[0].text));
    let replays = accepted.iter().filter(|reply| reply.header("idempotency-replayed") == Some("true"));
    assert_eq!((replays.count(), admin.stock(&mug).await), (59, 0));
    shop.first().adds_up();
}

/// Hard case 12, for three instances: everybody claims at some instance while Redis is flushed.
#[tokio::test(flavor = "multi_thread")]
async fn hard_case_12_a_storm_at_three_instances_issues_exactly_all() {
    const PEOPLE: usize = 3_000;
    const COUPONS: usize = 500;
    let shop = Arc::new(Shop::open(&[]));
    let campaign = shop.first().admin().await.campaign(500, json!({})).await;
    let tokens = Arc::new(shop.first().crowd(PEOPLE).await);
    let (next, issued) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let path: Arc<str> = format!("/coupons/{campaign}/claims").into();
    let mut claiming = JoinSet::new();
    for n in 0..240 {
        let api = shop.instances[n % 3].api();
        let (shop, tokens, path) = (Arc::clone(&shop), Arc::clone(&tokens), Arc::clone(&path));
        let (next, issued) = (Arc::clone(&next), Arc::clone(&issued));
        claiming.spawn(async move {
            let mut replies: Vec<Reply> = Vec::new();
            while let Some(token) = tokens.get(next.fetch_add(1, Ordering::Relaxed)) {
                let reply = Api::with_token(&api, token).keyed_bare(&path, "claim").await;
                if reply.status == 201 && issued.fetch_add(1, Ordering::Relaxed) % 50 == 0 {
                    shop.redis.execute(&["FLUSHALL"]).expect("Redis forgets");
                }
                replies.push(reply);
            }
            replies
        });
    }
    let replies = claiming.join_all().await.concat();
    let expected = [((201, ""), COUPONS), ((409, "coupon-sold-out"), PEOPLE - COUPONS)];
    assert_eq!(counted(&replies), BTreeMap::from(expected));
    let sequences: BTreeSet<_> = replies
        .iter()
        .filter(|reply| reply.status == 201)
        .map(|reply| reply.body["sequence"].as_u64().expect("a sequence"))
        .collect();
    assert_eq!(sequences, (1..=500).collect());
    shop.first().adds_up();
}

/// The jobs of three instances let the same orders expire once.
#[tokio::test(flavor = "multi_thread")]
async fn the_jobs_of_three_instances_give_units_back_once() {
    let shop = Shop::open(&[("JANGTEO__ORDERS__UNPAID_EXPIRY", "2s")]);
    let admin = shop.first().admin().await;
    let mug = admin.product("Mug", 1_000, 300).await;
    let mut buying = JoinSet::new();
    for (n, customer) in shop.customers(30).await.into_iter().enumerate() {
        let (customer, mug) = (shop.turn(n + 1, &customer), mug.clone());
        buying.spawn(async move {
            for _ in 0..10 {
                customer.order(&[(&mug, 1)]).await.is(201);
            }
        });
    }
    buying.join_all().await;
    let back = async { while admin.stock(&mug).await < 300 {} };
    timeout(Duration::from_mins(1), back).await.expect("the units come back");
    assert_eq!(admin.get("/admin/orders?status=EXPIRED&limit=100").await.is(200).items().len(), 100);
    shop.first().adds_up();
}
