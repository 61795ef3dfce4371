//! A Redis that forgets, stalls, dies and comes back.

use std::time::Duration;

use jangteo_coupon::{ClaimGate as _, ClaimOutcome};
use jangteo_redis::{Redis, RedisGate};
use jangteo_test_services::RedisServer;
use tokio::time::timeout;

use crate::shop::{Says, Shop, answers, ask, ask_as, enter, enter_as, id, sources};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_flushed_starts_again_from_the_database() {
    let (redis, shop) = (RedisServer::start(), Shop::new());
    let (gate, _) = shop.on(&redis.url()).await;
    let campaign = shop.campaign(5, 0).await;
    let old = enter(&gate, campaign).await;
    let older = enter(&gate, campaign).await;
    // Others have claimed meanwhile.
    shop.set_claimed(campaign, 3).await;
    redis.execute(&["FLUSHALL"]).unwrap();

    let _first = enter(&gate, campaign).await;
    let second = enter(&gate, campaign).await;
    assert_eq!(ask(&gate, campaign).await, Says::Full);
    // Passes of what was lost neither free a place nor take a coupon off.
    gate.leave(old, ClaimOutcome::Undecided).await;
    gate.leave(older, ClaimOutcome::Issued { at_limit: true, last: false }).await;
    assert_eq!(ask(&gate, campaign).await, Says::Full);
    gate.leave(second, ClaimOutcome::Undecided).await;
    assert_eq!(ask(&gate, campaign).await, Says::Inside);
}

/// The marks of users are lost with the rest, and a gate that has not seen them confirmed itself asks the database.
#[tokio::test(flavor = "multi_thread")]
async fn a_no_outlives_a_flush_where_it_was_heard_and_is_asked_for_elsewhere() {
    let (redis, shop) = (RedisServer::start(), Shop::new());
    let ((one, _), (other, _)) = (shop.on(&redis.url()).await, shop.on(&redis.url()).await);
    let (campaign, user) = (shop.campaign(5, 0).await, id());
    let pass = enter_as(&one, campaign, user).await;
    one.leave(pass, ClaimOutcome::Issued { at_limit: true, last: false }).await;
    redis.execute(&["FLUSHALL"]).unwrap();
    assert_eq!(ask_as(&one, campaign, user).await, Says::AlreadyClaimed);
    assert_eq!(ask_as(&other, campaign, user).await, Says::Inside);
    shop.set_claimed(campaign, 5).await;
    redis.execute(&["FLUSHALL"]).unwrap();
    assert_eq!(ask(&other, campaign).await, Says::SoldOut);
}

/// What Redis drops for want of memory it drops key by key.
#[tokio::test(flavor = "multi_thread")]
async fn each_key_may_go_alone() {
    let (redis, shop) = (RedisServer::start(), Shop::new());
    let (gate, _) = shop.on(&redis.url()).await;
    let campaign = shop.campaign(1, 0).await;
    for name in ["state", "inside"] {
        let _lost = enter(&gate, campaign).await;
        assert_eq!(ask(&gate, campaign).await, Says::Full);
        assert_eq!(redis.execute(&["DEL", &format!("jangteo:gate:{{{campaign}}}:{name}")]).unwrap(), "1");
        let pass = enter(&gate, campaign).await;
        assert_eq!(ask(&gate, campaign).await, Says::Full);
        gate.leave(pass, ClaimOutcome::Undecided).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn scripts_that_were_flushed_are_sent_again() {
    let (redis, shop) = (RedisServer::start(), Shop::new());
    let (gate, connection) = shop.on(&redis.url()).await;
    let campaign = shop.campaign(2, 0).await;
    let pass = enter(&gate, campaign).await;
    redis.execute(&["SCRIPT", "FLUSH", "SYNC"]).unwrap();
    gate.leave(pass, ClaimOutcome::Undecided).await;
    let _first = enter(&gate, campaign).await;
    let _second = enter(&gate, campaign).await;
    assert_eq!(ask(&gate, campaign).await, Says::Full);
    assert!(connection.answers());
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_is_let_in_while_redis_is_dead_and_counted_when_it_is_back() {
    let (mut redis, shop) = (RedisServer::start(), Shop::new());
    let (gate, connection) = shop.on(&redis.url()).await;
    let campaign = shop.campaign(1, 0).await;
    let inside = enter(&gate, campaign).await;
    redis.kill();
    for _ in 0..100 {
        assert_eq!(ask(&gate, campaign).await, Says::Inside);
    }
    assert!(!connection.answers());
    assert!(!connection.ping().await);
    gate.leave(inside, ClaimOutcome::Undecided).await;
    // What the database says is still believed and passed on.
    let user = id();
    gate.leave(enter_as(&gate, campaign, user).await, ClaimOutcome::Issued { at_limit: true, last: false })
        .await;
    assert_eq!(ask_as(&gate, campaign, user).await, Says::AlreadyClaimed);

    redis.restart();
    answers(&connection).await;
    assert!(connection.ping().await);
    let _first = enter(&gate, campaign).await;
    assert_eq!(ask(&gate, campaign).await, Says::Full);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_stalls_holds_nobody_up() {
    let (redis, shop) = (RedisServer::start(), Shop::new());
    let (gate, connection) = shop.on(&redis.url()).await;
    let campaign = shop.campaign(1, 0).await;
    let _inside = enter(&gate, campaign).await;
    redis.execute(&["CLIENT", "PAUSE", "20000", "ALL"]).unwrap();
    let asked = async {
        for _ in 0..1_000 {
            assert_eq!(ask(&gate, campaign).await, Says::Inside);
        }
    };
    timeout(Duration::from_secs(10), asked).await.expect("one is held up, the others are not");
    assert!(!connection.answers());
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_need_not_be_there_at_the_start() {
    let (mut redis, shop) = (RedisServer::start(), Shop::new());
    redis.kill();
    let connection = Redis::open(&redis.url().parse().unwrap()).unwrap();
    let gate = RedisGate::new(connection.clone(), shop.storage.clone(), sources());
    let campaign = shop.campaign(1, 0).await;
    assert_eq!(ask(&gate, campaign).await, Says::Inside);
    redis.restart();
    answers(&connection).await;
    let _inside = enter(&gate, campaign).await;
    assert_eq!(ask(&gate, campaign).await, Says::Full);
}
