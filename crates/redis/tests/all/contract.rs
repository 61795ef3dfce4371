//! What every gate must do, whatever it remembers with.

use jangteo_coupon::{ClaimGate, ClaimOutcome, ClaimRefusal};
use jangteo_test_services::{RedisCluster, RedisServer};

use crate::shop::{Says, Shop, ask, ask_as, enter, enter_as, id};

const ISSUED: ClaimOutcome = ClaimOutcome::Issued { at_limit: false, last: false };
const AT_LIMIT: ClaimOutcome = ClaimOutcome::Issued { at_limit: true, last: false };
const LAST: ClaimOutcome = ClaimOutcome::Issued { at_limit: true, last: true };
const SOLD_OUT: ClaimOutcome = ClaimOutcome::Refused(ClaimRefusal::SoldOut);
const ALREADY_CLAIMED: ClaimOutcome = ClaimOutcome::Refused(ClaimRefusal::AlreadyClaimed);

async fn keeps_the_contract<G: ClaimGate>(shop: &Shop, gate: &G) {
    lets_in_as_many_as_are_left(shop, gate).await;
    counts_from_what_the_database_says(shop, gate).await;
    gives_a_place_back_on_anything_but_a_coupon(shop, gate).await;
    says_sold_out_to_all_once_the_last_is_issued(shop, gate).await;
    says_sold_out_once_somebody_heard_it_from_the_database(shop, gate).await;
    knows_at_once_what_was_sold_out_before(shop, gate).await;
    says_already_claimed_to_who_is_at_the_limit(shop, gate).await;
    lets_one_ask_where_none_is_left_and_nothing_is_confirmed(shop, gate).await;
    believes_who_passed_by(shop, gate).await;
    keeps_campaigns_apart(shop, gate).await;
    lets_the_database_judge_a_campaign_that_it_does_not_know(gate).await;
}

#[tokio::test]
async fn the_gate_in_the_process_keeps_the_contract() {
    let shop = Shop::new();
    keeps_the_contract(&shop, &shop.in_process()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gate_on_redis_keeps_the_contract() {
    let (redis, shop) = (RedisServer::start(), Shop::new());
    keeps_the_contract(&shop, &shop.on(&redis.url()).await.0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gate_on_a_cluster_keeps_the_contract() {
    let (cluster, shop) = (RedisCluster::start(), Shop::new());
    keeps_the_contract(&shop, &shop.on(&cluster.url()).await.0).await;
}

async fn lets_in_as_many_as_are_left<G: ClaimGate>(shop: &Shop, gate: &G) {
    let campaign = shop.campaign(3, 0).await;
    let mut passes = Vec::new();
    for _ in 0..3 {
        passes.push(enter(gate, campaign).await);
    }
    // A full house is not sold out: those inside may still fail.
    assert_eq!(ask(gate, campaign).await, Says::Full);
    gate.leave(passes.pop().unwrap(), ISSUED).await;
    assert_eq!(ask(gate, campaign).await, Says::Full);
    for pass in passes {
        gate.leave(pass, ClaimOutcome::Undecided).await;
    }
    let _first = enter(gate, campaign).await;
    let _second = enter(gate, campaign).await;
    assert_eq!(ask(gate, campaign).await, Says::Full);
}

async fn counts_from_what_the_database_says<G: ClaimGate>(shop: &Shop, gate: &G) {
    let campaign = shop.campaign(10, 9).await;
    let pass = enter(gate, campaign).await;
    assert_eq!(ask(gate, campaign).await, Says::Full);
    gate.leave(pass, ClaimOutcome::Undecided).await;
    assert_eq!(ask(gate, campaign).await, Says::Inside);
}

async fn gives_a_place_back_on_anything_but_a_coupon<G: ClaimGate>(shop: &Shop, gate: &G) {
    let campaign = shop.campaign(1, 0).await;
    let closed = ClaimOutcome::Refused(ClaimRefusal::Closed);
    for outcome in [ClaimOutcome::Undecided, ALREADY_CLAIMED, closed] {
        let pass = enter(gate, campaign).await;
        assert_eq!(ask(gate, campaign).await, Says::Full);
        gate.leave(pass, outcome).await;
    }
    assert_eq!(ask(gate, campaign).await, Says::Inside);
}

async fn says_sold_out_to_all_once_the_last_is_issued<G: ClaimGate>(shop: &Shop, gate: &G) {
    let campaign = shop.campaign(2, 0).await;
    let user = id();
    let (first, second) = (enter(gate, campaign).await, enter_as(gate, campaign, user).await);
    gate.leave(first, ISSUED).await;
    gate.leave(second, LAST).await;
    assert_eq!(ask(gate, campaign).await, Says::SoldOut);
    // Who is known to be at the limit hears that first.
    assert_eq!(ask_as(gate, campaign, user).await, Says::AlreadyClaimed);
}

async fn says_sold_out_once_somebody_heard_it_from_the_database<G: ClaimGate>(shop: &Shop, gate: &G) {
    // The gate counted nine left, and others took them.
    let campaign = shop.campaign(10, 1).await;
    let pass = enter(gate, campaign).await;
    gate.leave(pass, SOLD_OUT).await;
    assert_eq!(ask(gate, campaign).await, Says::SoldOut);
}

async fn knows_at_once_what_was_sold_out_before<G: ClaimGate>(shop: &Shop, gate: &G) {
    let campaign = shop.campaign(5, 5).await;
    assert_eq!(ask(gate, campaign).await, Says::SoldOut);
}

async fn says_already_claimed_to_who_is_at_the_limit<G: ClaimGate>(shop: &Shop, gate: &G) {
    let campaign = shop.campaign(10, 0).await;
    let (one, other, third) = (id(), id(), id());
    for (user, outcome) in [(one, AT_LIMIT), (other, ALREADY_CLAIMED), (third, ISSUED)] {
        let pass = enter_as(gate, campaign, user).await;
        gate.leave(pass, outcome).await;
    }
    assert_eq!(ask_as(gate, campaign, one).await, Says::AlreadyClaimed);
    assert_eq!(ask_as(gate, campaign, other).await, Says::AlreadyClaimed);
    assert_eq!(ask_as(gate, campaign, third).await, Says::Inside);
    assert_eq!(ask(gate, campaign).await, Says::Inside);
}

/// Otherwise a lost "it was the last" would keep the house full for good.
async fn lets_one_ask_where_none_is_left_and_nothing_is_confirmed<G: ClaimGate>(shop: &Shop, gate: &G) {
    let campaign = shop.campaign(1, 0).await;
    let pass = enter(gate, campaign).await;
    gate.leave(pass, ISSUED).await;
    let pass = enter(gate, campaign).await;
    assert_eq!(ask(gate, campaign).await, Says::Full);
    gate.leave(pass, SOLD_OUT).await;
    assert_eq!(ask(gate, campaign).await, Says::SoldOut);
}

async fn believes_who_passed_by<G: ClaimGate>(shop: &Shop, gate: &G) {
    let campaign = shop.campaign(1, 0).await;
    let user = id();
    let _inside = enter(gate, campaign).await;
    gate.leave(gate.pass_by(campaign, id()), ClaimOutcome::Undecided).await;
    assert_eq!(ask(gate, campaign).await, Says::Full);
    gate.leave(gate.pass_by(campaign, user), LAST).await;
    assert_eq!(ask(gate, campaign).await, Says::SoldOut);
    assert_eq!(ask_as(gate, campaign, user).await, Says::AlreadyClaimed);
}

async fn keeps_campaigns_apart<G: ClaimGate>(shop: &Shop, gate: &G) {
    let (one, other) = (shop.campaign(1, 0).await, shop.campaign(1, 0).await);
    let user = id();
    let pass = enter_as(gate, one, user).await;
    gate.leave(pass, LAST).await;
    assert_eq!(ask_as(gate, other, user).await, Says::Inside);
}

async fn lets_the_database_judge_a_campaign_that_it_does_not_know<G: ClaimGate>(gate: &G) {
    let unknown = id();
    for _ in 0..3 {
        assert_eq!(ask(gate, unknown).await, Says::Inside);
    }
}
