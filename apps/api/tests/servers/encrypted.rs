//! Servers that take encrypted connections only, and some that cannot be verified.

use std::time::Duration;

use jangteo_test_services::{Authority, RedisServer, Server as Database, Service};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::DATABASE;
use crate::support::{Server, new_ring, run};

/// Longer than anything here takes; whoever waits for it in vain has failed.
const LONG: Duration = Duration::from_mins(1);

const DATABASE_URL: &str = "JANGTEO__DATABASE__URL";
const REPLICA_URLS: &str = "JANGTEO__DATABASE__REPLICA_URLS";
const REDIS_URL: &str = "JANGTEO__REDIS__URL";
const REDIS_CA: &str = "JANGTEO__REDIS__CA";

fn service() -> Service {
    DATABASE.expect("these tests are about servers")
}

/// A URL that wants the server verified by this authority.
fn verified(url: &str, by: &Authority) -> String {
    let parameters = match service() {
        Service::Postgres => "sslmode=verify-full&sslrootcert",
        Service::MariaDb => "ssl-mode=VERIFY_IDENTITY&ssl-ca",
    };
    format!("{url}?{parameters}={}", by.file().display())
}

#[tokio::test]
async fn the_shop_and_its_commands_reach_everything_by_tls_alone() {
    let authority = Authority::new();
    let certificate = authority.certificate("127.0.0.1");
    let database = Database::start_encrypted(service(), &certificate).expect("a server");
    let redis = RedisServer::start_encrypted(&certificate);
    let (url, ca) = (verified(&database.new_database(), &authority), authority.file().display().to_string());
    // It follows nobody, but answers by the same rules.
    let replica = verified(&database.new_database(), &authority);
    let server = Server::with(&[
        (DATABASE_URL, &url),
        (REPLICA_URLS, &replica),
        (REDIS_URL, &redis.url()),
        (REDIS_CA, &ca),
    ]);
    let admin = server.admin().await;
    let product = admin.product("Mug", 12_000, 5).await;
    server.customer().await.order(&[(&product, 2)]).await.is(201);
    let well = json!({ "status": "ok" });
    asked_until(&server, |ready| *ready == well).await;
    assert!(!server.log().contains("another machine"), "{}", server.log());
    if service() == Service::Postgres {
        let plain = "SELECT count(*) FILTER (WHERE ssl) > 3, count(*) FILTER (WHERE NOT ssl) \
                     FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'jangteo'";
        assert_eq!(database.ask(plain).expect("an answer"), "t|0");
    }
    assert!(redis.execute(&["CLIENT", "LIST"]).expect("clients").lines().count() > 2);
    for command in [&["migrate", "--check"][..], &["audit"], &["keys", "rotate"]] {
        let ran = server.run(command, "");
        assert!(ran.status.success(), "{command:?}: {}", String::from_utf8_lossy(&ran.stderr));
    }
}

#[test]
fn a_database_that_cannot_be_verified_is_told_by_its_setting() {
    let (authority, other) = (Authority::new(), Authority::new());
    let ring = new_ring();
    let mut database =
        Database::start_encrypted(service(), &authority.certificate("127.0.0.1")).expect("a server");
    let url = database.new_database().replace('@', ":secret@");
    let refused = |url: &str, told: &str| {
        for command in [&["serve"][..], &["migrate"], &["audit"]] {
            let refused = run(&[(DATABASE_URL, url), ("JANGTEO__KEYS__RING", &ring)], command);
            let said = String::from_utf8_lossy(&refused.stderr);
            assert_eq!(refused.status.code(), Some(1), "{command:?}: {said}");
            assert!(said.contains("error: database.url: "), "{command:?}: {said}");
            assert!(said.contains(told) && !said.contains("secret"), "{command:?}: {said}");
        }
    };
    refused(&verified(&url, &other), "is of no authority that is trusted");
    refused(&verified(&url.replace("127.0.0.1", "localhost"), &authority), "is for another host");
    database.show(&authority.expired("127.0.0.1")).expect("a server");
    refused(&verified(&url, &authority), "has expired");
    let plain = jangteo_test_services::shared(service()).new_database().replace('@', ":secret@");
    refused(&verified(&plain, &authority), "does not support TLS");
    let file = authority.file();
    std::fs::remove_file(&file).expect("a file");
    refused(&verified(&url, &authority), &format!("cannot read {}", file.display()));
}

/// Neither has to be there: the shop goes on, and says what is wrong.
#[tokio::test]
async fn a_replica_and_a_redis_that_cannot_be_verified_are_not_used() {
    let (authority, other) = (Authority::new(), Authority::new());
    let certificate = authority.certificate("127.0.0.1");
    let database = Database::start_encrypted(service(), &certificate).expect("a server");
    let redis = RedisServer::start_encrypted(&certificate);
    let server = Server::with(&[
        (DATABASE_URL, &verified(&database.new_database(), &authority)),
        (REPLICA_URLS, &verified(&database.new_database(), &other)),
        (REDIS_URL, &redis.url()),
        (REDIS_CA, &other.file().display().to_string()),
    ]);
    let told = |place: &str| server.log().lines().find(|line| line.contains(place)).map(str::to_owned);
    let lost = json!({ "status": "ok", "degraded": ["redis", "replica"] });
    asked_until(&server, |ready| *ready == lost && told("Redis cannot be reached").is_some()).await;
    for place in ["Redis cannot be reached", "the replica does not answer"] {
        let told = told(place).unwrap_or_default();
        assert!(told.contains("is of no authority that is trusted"), "{place}: {}", server.log());
    }
}

/// Asks whether the server is ready until this holds.
async fn asked_until(server: &Server, holds: impl Fn(&Value) -> bool) {
    let api = server.api();
    let asking = timeout(LONG, async { while !holds(&api.get("//readyz").await.is(200).body) {} }).await;
    assert!(asking.is_ok(), "never: {}", server.log());
}
