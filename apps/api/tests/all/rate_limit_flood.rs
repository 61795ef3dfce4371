//! A flood of clients, each of which is new.

use std::fs;

use tokio::task::JoinSet;

use crate::support::Server;

const CLIENTS: usize = 10_000;
const AT_ONCE: usize = 16;

/// What the tables of a class may take when they are full, with what the server needs for so many requests, in KiB.
const BOUND: u64 = 16 * 1024;

fn resident(server: &Server) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.process())).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a figure");
    line.trim().trim_end_matches(" kB").parse().expect("a whole number")
}

/// Somebody behind the same proxy is served and counted all the while, and the memory stays within bounds.
#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_addresses_are_counted_and_others_are_served() {
    let server = Server::with(&[
        ("JANGTEO__RATE_LIMIT__ENABLED", "true"),
        ("JANGTEO__RATE_LIMIT__READS", "1000/1h"),
        ("JANGTEO__SERVER__TRUSTED_PROXIES", "127.0.0.0/8"),
    ]);
    let api = server.api();
    for _ in 0..100 {
        api.get_with("/products/x", "X-Forwarded-For", "198.51.100.1").await.is(404);
    }
    let before = resident(&server);
    let mut flood = JoinSet::new();
    for task in 0..AT_ONCE {
        let api = server.api();
        flood.spawn(async move {
            for n in (task..CLIENTS).step_by(AT_ONCE) {
                let address = format!("2001:db8:{:x}:{:x}::1", n >> 16, n & 0xffff);
                let reply = api.get_with("/products/x", "X-Forwarded-For", &address).await.is(404);
                assert_eq!(reply.header("ratelimit"), Some("\"reads\";r=999;t=3600"));
            }
        });
    }
    let mut left = 900;
    while !flood.is_empty() {
        let reply = api.get_with("/products/x", "X-Forwarded-For", "198.51.100.1").await.is(404);
        left -= 1;
        assert!(reply.header("ratelimit").unwrap().starts_with(&format!("\"reads\";r={left};")));
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        while let Some(ended) = flood.try_join_next() {
            ended.unwrap();
        }
    }
    assert!(left < 890, "{left}");
    let grown = resident(&server).saturating_sub(before);
    assert!(grown < BOUND, "{grown} KiB");
}
