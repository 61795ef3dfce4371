//! Answers that instances share, and what they tell each other.

use std::collections::BTreeSet;
use std::time::Duration;

use jangteo_application::{FinishedAnswer, SharedAnswer, SharedAnswers, SharedMoment};
use jangteo_redis::{Redis, RedisAddress, RedisAnswers};
use jangteo_shared_kernel::ProductId;
use jangteo_test_services::{Authority, RedisCluster, RedisServer};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::AbortHandle;
use tokio::time::timeout;

use crate::shop::{answers, id, sources};

const SOON: Duration = Duration::from_secs(30);
const LONG: Duration = Duration::from_hours(1);

async fn on(url: &str) -> (RedisAnswers, Redis) {
    at(url.parse().unwrap()).await
}

async fn at(address: RedisAddress) -> (RedisAnswers, Redis) {
    let redis = Redis::open(&address).unwrap();
    answers(&redis).await;
    (RedisAnswers::new(redis.clone(), address, &sources()), redis)
}

fn answer(body: &str) -> FinishedAnswer {
    FinishedAnswer { body: body.into(), tag: Some("\"1.1\"".to_owned()) }
}

async fn missing(shared: &RedisAnswers, name: &str) -> SharedMoment {
    match shared.find(name).await {
        SharedAnswer::Missing(moment) => moment,
        other => panic!("{other:?} instead of a missing answer"),
    }
}

async fn finds(shared: &RedisAnswers, name: &str) -> Option<(String, Duration)> {
    match shared.find(name).await {
        SharedAnswer::Found(found, left) => Some((String::from_utf8(found.body).unwrap(), left)),
        _ => None,
    }
}

async fn keeps_the_contract(address: RedisAddress) {
    let ((one, redis), (other, _)) = (at(address.clone()).await, at(address).await);
    for n in 0..20 {
        let name = format!("product:{n}");
        let moment = missing(&one, &name).await;
        one.put(&name, &answer(&name), moment, LONG).await;
        let SharedAnswer::Found(found, left) = other.find(&name).await else { panic!("{name} is not there") };
        assert_eq!(found, answer(&name));
        assert!(left <= LONG && left + SOON > LONG, "{left:?}");
    }
    assert!(redis.answers());
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_shared_through_redis() {
    keeps_the_contract(RedisServer::start().url().parse().unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_shared_through_a_cluster() {
    keeps_the_contract(RedisCluster::start().url().parse().unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_shared_through_an_encrypted_cluster() {
    let authority = Authority::new();
    let cluster = RedisCluster::start_encrypted(&authority.certificate("127.0.0.1"));
    keeps_the_contract(trusted(&cluster.url(), &authority)).await;
}

fn trusted(url: &str, authority: &Authority) -> RedisAddress {
    let address: RedisAddress = url.parse().unwrap();
    address.trusting(std::fs::read(authority.file()).unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_heard_by_tls() {
    let authority = Authority::new();
    let redis = RedisServer::start_encrypted(&authority.certificate("127.0.0.1"));
    let address = trusted(&redis.url(), &authority);
    let ((one, _), (other, _)) = (at(address.clone()).await, at(address).await);
    let (mut heard, _listening) = hear(&redis, other).await;
    let written: BTreeSet<ProductId> = [id()].into();
    one.tell(&written).await;
    assert_eq!(timeout(SOON, heard.recv()).await.unwrap(), Some(written));
}

/// However late it is put: what may be too old is not told.
#[tokio::test(flavor = "multi_thread")]
async fn a_life_counts_from_when_the_answer_was_missing() {
    let redis = RedisServer::start();
    let (shared, _) = on(&redis.url()).await;
    let SharedMoment(now) = missing(&shared, "a").await;
    let before = |age: Duration| SharedMoment(now - u64::try_from(age.as_millis()).unwrap());
    shared.put("a", &answer("late"), before(LONG), LONG).await;
    assert_eq!(finds(&shared, "a").await, None);
    shared.put("a", &answer("in time"), before(Duration::from_mins(59)), LONG).await;
    let (body, left) = finds(&shared, "a").await.unwrap();
    assert_eq!(body, "in time");
    assert!(left <= Duration::from_mins(1), "{left:?}");
    // It goes by itself.
    let brief = Duration::from_millis(200);
    shared.put("b", &answer("b"), missing(&shared, "b").await, brief).await;
    while let Some((_, left)) = finds(&shared, "b").await {
        assert!(left <= brief, "{left:?}");
    }
}

/// Hears messages, from before it returns.
async fn hear(
    redis: &RedisServer,
    shared: RedisAnswers,
) -> (UnboundedReceiver<BTreeSet<ProductId>>, AbortHandle) {
    let (sender, receiver) = unbounded_channel();
    let listening = tokio::spawn(async move {
        let hear = |written| sender.send(written).unwrap();
        shared.listen(hear).await;
    });
    subscribed(redis).await;
    (receiver, listening.abort_handle())
}

/// Waits until somebody listens.
async fn subscribed(redis: &RedisServer) {
    let listens = async {
        while !redis.execute(&["PUBSUB", "NUMSUB", "jangteo:written"]).unwrap().ends_with('1') {
            tokio::task::yield_now().await;
        }
    };
    timeout(SOON, listens).await.expect("somebody listens");
}

#[tokio::test(flavor = "multi_thread")]
async fn others_hear_what_was_written_and_nobody_hears_himself() {
    let redis = RedisServer::start();
    let ((one, _), (other, _)) = (on(&redis.url()).await, on(&redis.url()).await);
    let address = redis.url().parse().unwrap();
    let connection = Redis::open(&address).unwrap();
    answers(&connection).await;
    let (mut heard, listening) = hear(&redis, other).await;
    let written: BTreeSet<ProductId> = [id(), id()].into();
    one.tell(&written).await;
    assert_eq!(timeout(SOON, heard.recv()).await.unwrap(), Some(written));
    // Whatever else is sent there harms nobody.
    redis.execute(&["PUBLISH", "jangteo:written", "nonsense"]).unwrap();
    assert_eq!(timeout(SOON, heard.recv()).await.unwrap(), Some(BTreeSet::new()));
    listening.abort();
    drop(heard);

    let mine = RedisAnswers::new(connection, address, &sources());
    let (sender, mut heard) = unbounded_channel();
    let both = async {
        let listening = mine.listen(|written| sender.send(written).unwrap());
        let telling = async {
            while !redis.execute(&["PUBSUB", "NUMSUB", "jangteo:written"]).unwrap().ends_with('1') {
                tokio::task::yield_now().await;
            }
            mine.tell(&[id()].into()).await;
            one.tell(&BTreeSet::new()).await;
            heard.recv().await
        };
        tokio::select! {
            () = listening => panic!("it has no end"),
            first = telling => first,
        }
    };
    assert_eq!(timeout(SOON, both).await.unwrap(), Some(BTreeSet::new()), "not its own");
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_nothing_while_redis_is_away_and_all_of_it_again_when_it_is_back() {
    let mut redis = RedisServer::start();
    let ((one, connection), (other, _)) = (on(&redis.url()).await, on(&redis.url()).await);
    let (mut heard, _listening) = hear(&redis, other).await;
    one.put("a", &answer("a"), missing(&one, "a").await, LONG).await;
    redis.kill();
    assert_eq!(one.find("a").await, SharedAnswer::Away);
    one.put("a", &answer("a"), SharedMoment(0), LONG).await;
    one.tell(&[id()].into()).await;

    redis.restart();
    answers(&connection).await;
    let moment = missing(&one, "a").await;
    one.put("a", &answer("b"), moment, LONG).await;
    assert_eq!(finds(&one, "a").await.map(|(body, _)| body), Some("b".to_owned()));
    subscribed(&redis).await;
    let written: BTreeSet<ProductId> = [id()].into();
    one.tell(&written).await;
    assert_eq!(timeout(SOON, heard.recv()).await.unwrap(), Some(written));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_no_answer() {
    let redis = RedisServer::start();
    let (shared, _) = on(&redis.url()).await;
    redis.execute(&["SET", "jangteo:answer:a", "nonsense", "PX", "60000"]).unwrap();
    assert_eq!(shared.find("a").await, SharedAnswer::Away);
}
