//! Instances that share one Redis.

use jangteo_coupon::{ClaimGate as _, ClaimOutcome};
use jangteo_test_services::{RedisCluster, RedisServer};

use crate::shop::{Says, Shop, ask, ask_as, enter, enter_as, id};

#[tokio::test(flavor = "multi_thread")]
async fn instances_count_together() {
    let (redis, shop) = (RedisServer::start(), Shop::new());
    let ((one, _), (other, _)) = (shop.on(&redis.url()).await, shop.on(&redis.url()).await);
    let campaign = shop.campaign(2, 0).await;
    let first = enter(&one, campaign).await;
    let _second = enter(&other, campaign).await;
    assert_eq!(ask(&one, campaign).await, Says::Full);
    assert_eq!(ask(&other, campaign).await, Says::Full);
    one.leave(first, ClaimOutcome::Undecided).await;
    assert_eq!(ask(&other, campaign).await, Says::Inside);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_instance_had_confirmed_the_others_know() {
    let (redis, shop) = (RedisServer::start(), Shop::new());
    let ((one, _), (other, _)) = (shop.on(&redis.url()).await, shop.on(&redis.url()).await);
    let campaign = shop.campaign(2, 0).await;
    let user = id();
    let pass = enter_as(&one, campaign, user).await;
    one.leave(pass, ClaimOutcome::Issued { at_limit: true, last: false }).await;
    assert_eq!(ask_as(&other, campaign, user).await, Says::AlreadyClaimed);
    let pass = enter(&one, campaign).await;
    one.leave(pass, ClaimOutcome::Issued { at_limit: true, last: true }).await;
    assert_eq!(ask(&other, campaign).await, Says::SoldOut);
}

/// The place of a killed process comes back when its lease has run out.
#[tokio::test(flavor = "multi_thread")]
async fn a_place_whose_lease_has_run_out_is_free() {
    let (redis, shop) = (RedisServer::start(), Shop::new());
    let (gate, _) = shop.on(&redis.url()).await;
    let campaign = shop.campaign(1, 0).await;
    drop(enter(&gate, campaign).await);
    assert_eq!(ask(&gate, campaign).await, Says::Full);
    let inside = format!("jangteo:gate:{{{campaign}}}:inside");
    let place = redis.execute(&["ZRANGE", &inside, "0", "0"]).unwrap();
    let lease = redis.execute(&["ZSCORE", &inside, &place]).unwrap().parse::<u64>().unwrap();
    let now = redis.execute(&["TIME"]).unwrap().lines().next().unwrap().parse::<u64>().unwrap();
    assert!((1..=31).contains(&(lease / 1_000 - now)), "the lease ends at {lease} ms, and it is {now} s");
    redis.execute(&["ZADD", &inside, &now.to_string(), &place]).unwrap();
    assert_eq!(ask(&gate, campaign).await, Says::Inside);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_kept_for_good() {
    let (redis, shop) = (RedisServer::start(), Shop::new());
    let (gate, _) = shop.on(&redis.url()).await;
    let (open, sold_out) = (shop.campaign(9, 0).await, shop.campaign(1, 1).await);
    let _inside = enter(&gate, open).await;
    let pass = enter(&gate, open).await;
    gate.leave(pass, ClaimOutcome::Issued { at_limit: true, last: false }).await;
    assert_eq!(ask(&gate, sold_out).await, Says::SoldOut);
    let keys = redis.execute(&["KEYS", "*"]).unwrap();
    assert_eq!(keys.lines().count(), 4, "{keys}");
    for key in keys.lines() {
        assert!(redis.execute(&["PTTL", key]).unwrap().parse::<i64>().unwrap() > 0, "{key}");
    }
}

/// A script touches keys of one slot only; the campaigns are spread over the nodes.
#[tokio::test(flavor = "multi_thread")]
async fn the_keys_of_a_campaign_are_in_one_slot_of_a_cluster() {
    let (cluster, shop) = (RedisCluster::start(), Shop::new());
    let (gate, redis) = shop.on(&cluster.url()).await;
    for _ in 0..60 {
        let campaign = shop.campaign(9, 0).await;
        let _inside = enter(&gate, campaign).await;
        let pass = enter(&gate, campaign).await;
        gate.leave(pass, ClaimOutcome::Issued { at_limit: true, last: false }).await;
    }
    assert!(redis.ping().await, "nothing has failed so far");
    let on_nodes = cluster.nodes().each_ref().map(|node| node.execute(&["KEYS", "*"]).unwrap());
    let counts = on_nodes.each_ref().map(|keys| keys.lines().count());
    assert_eq!(counts.iter().sum::<usize>(), 180, "{counts:?}");
    assert!(counts.iter().all(|count| *count > 0 && count % 3 == 0), "{counts:?}");
}
