//! A crowd that logs in does not keep others from buying.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde_json::json;
use tokio::task::JoinSet;

use crate::support::{PASSWORD, Server};

/// Password hashes as in production, of which one is computed at a time and few may wait.
#[tokio::test(flavor = "multi_thread")]
async fn orders_go_on_while_a_crowd_logs_in_and_who_is_too_many_is_told() {
    let server = Server::with(&[
        ("JANGTEO__PASSWORDS__MEMORY_KIB", "19456"),
        ("JANGTEO__PASSWORDS__ITERATIONS", "2"),
        ("JANGTEO__PASSWORDS__CONCURRENCY", "1"),
        ("JANGTEO__PASSWORDS__QUEUE", "8"),
    ]);
    let (admin, minji) = (server.admin().await, server.customer().await);
    let mug = admin.product("Mug", 1_000, 100_000).await;
    let stop = Arc::new(AtomicBool::new(false));
    let [let_in, sent_away] = [(); 2].map(|()| Arc::new(AtomicU64::new(0)));
    let mut crowd = JoinSet::new();
    for _ in 0..40 {
        let (api, email) = (server.api(), minji.email.clone());
        let (stop, let_in, sent_away) = (Arc::clone(&stop), Arc::clone(&let_in), Arc::clone(&sent_away));
        crowd.spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                let reply = api.post("/auth/login", &json!({ "email": email, "password": PASSWORD })).await;
                if reply.status == 200 {
                    let_in.fetch_add(1, Ordering::Relaxed);
                } else {
                    let refused = reply.is_problem(503, "unavailable");
                    assert_eq!(refused.header("retry-after"), Some("1"));
                    sent_away.fetch_add(1, Ordering::Relaxed);
                    tokio::task::yield_now().await;
                }
            }
        });
    }
    // Until the crowd is there, and then for as long as it goes on logging in.
    while sent_away.load(Ordering::Relaxed) == 0 {
        tokio::task::yield_now().await;
    }
    let before = let_in.load(Ordering::Relaxed);
    let mut ordered = 0;
    while ordered < 30 || let_in.load(Ordering::Relaxed) < before + 3 {
        minji.order(&[(&mug, 1)]).await.is(201);
        ordered += 1;
    }
    stop.store(true, Ordering::Relaxed);
    crowd.join_all().await;
    assert_eq!(admin.stock(&mug).await, 100_000 - ordered);
}
