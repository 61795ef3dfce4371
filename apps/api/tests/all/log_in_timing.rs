//! How long a refusal takes tells nobody which accounts exist.
//!
//! # How it is decided
//! Log-ins with a wrong password are timed over HTTP, one after the other, in an order drawn at random: to an account that is
//! there, to addresses that never had one, and to one whose account was deleted. They are compared by rank, as Mann and Whitney
//! do: of all pairs, in how many more is the first the slower one than the second? A few very slow requests count no more
//! than others, and whatever else the machine does meets all kinds alike.
//!
//! With the hash for unknown addresses taken out it was 68 % of all pairs on a machine whose cores were busy compiling. With it,
//! six runs with half as many samples gave -5 to 11 %, of which chance alone gives 5 % either way (one standard deviation). With 600
//! samples of a kind it gives 3.3 %, and a fifth of the pairs, six times that, is where this fails.
//!
//! That the measurement can see such a thing is shown each time: a fourth kind, passwords that are too long to be any, is
//! refused without a hash, as unknown addresses would be if nothing were computed for them. It has to stand out.

use std::time::{Duration, Instant};

use jangteo_security::SystemEntropy;
use jangteo_shared_kernel::Entropy as _;
use serde_json::json;

use crate::support::{Api, Server, next};

/// So many log-ins of each kind.
const SAMPLES: usize = 600;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Known,
    Unknown,
    Deleted,
    /// No password is so long, so none is compared.
    NotCompared,
}

const KINDS: [Kind; 4] = [Kind::Known, Kind::Unknown, Kind::Deleted, Kind::NotCompared];

/// Every kind as often as the others, in an order that a seed decides (`SplitMix64`).
fn shuffled(mut seed: u64) -> Vec<Kind> {
    let mut drawn = || {
        seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    };
    let mut order: Vec<(u64, Kind)> =
        KINDS.iter().flat_map(|kind| [*kind; SAMPLES]).map(|kind| (drawn(), kind)).collect();
    order.sort_by_key(|(place, _)| *place);
    order.into_iter().map(|(_, kind)| kind).collect()
}

/// In how many more of all pairs the first is the slower one than the second is.
fn slower(one: &[Duration], other: &[Duration]) -> i128 {
    one.iter().flat_map(|a| other.iter().map(|b| a.cmp(b) as i128)).sum()
}

/// Whether one of two samples is the slower one in a fifth of all pairs more than the other is.
fn are_told_apart(one: &[Duration], other: &[Duration]) -> bool {
    let pairs = i128::try_from(one.len() * other.len()).unwrap();
    5 * slower(one, other).abs() > pairs
}

#[expect(clippy::disallowed_methods, reason = "time is what this is about")]
fn now() -> Instant {
    Instant::now()
}

/// How long a log-in takes that is refused.
async fn refused(api: &Api, email: &str, password: &str) -> Duration {
    let body = json!({ "email": email, "password": password });
    let start = now();
    let reply = api.post("/auth/login", &body).await;
    let taken = start.elapsed();
    reply.is_problem(401, "invalid-credentials");
    taken
}

#[tokio::test]
async fn a_known_an_unknown_and_a_deleted_account_take_alike_long() {
    // Cheaper than in production, so that what else differs weighs more, and far dearer than a request besides.
    let cost = [("JANGTEO__PASSWORDS__MEMORY_KIB", "4096"), ("JANGTEO__PASSWORDS__ITERATIONS", "2")];
    let server = Server::with(&cost);
    let (api, known, deleted) = (server.api(), server.customer().await, server.customer().await);
    deleted.delete("/users/me").await.is(204);
    let too_long = "x".repeat(1_025);

    let mut seed = [0; 8];
    SystemEntropy.fill(&mut seed);
    let seed = u64::from_be_bytes(seed);
    let mut times: [Vec<Duration>; KINDS.len()] = Default::default();
    for kind in shuffled(seed) {
        // As long as the addresses of the others.
        let nobody = format!("nobody-{}@example.com", next());
        let (email, password) = match kind {
            Kind::Known => (known.email.as_str(), "wrong horse battery"),
            Kind::Unknown => (nobody.as_str(), "wrong horse battery"),
            Kind::Deleted => (deleted.email.as_str(), "wrong horse battery"),
            Kind::NotCompared => (known.email.as_str(), too_long.as_str()),
        };
        times[kind as usize].push(refused(&api, email, password).await);
    }

    let [known, unknown, deleted, not_compared] = &times;
    let told = |one, other| {
        let median = |times: &[Duration]| {
            let mut times = times.to_vec();
            times.sort();
            times[SAMPLES / 2]
        };
        let pairs = slower(one, other);
        let all = SAMPLES * SAMPLES;
        format!("seed {seed}: medians {:?} and {:?}, {pairs} of {all} pairs", median(one), median(other))
    };
    println!("known, not compared: {}", told(known, not_compared));
    assert!(are_told_apart(known, not_compared), "a hash does not show: {}", told(known, not_compared));
    for (name, other) in [("unknown", unknown), ("deleted", deleted)] {
        println!("known, {name}: {}", told(known, other));
        assert!(!are_told_apart(known, other), "{name} accounts are told by time: {}", told(known, other));
    }
}
