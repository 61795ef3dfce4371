//! Clients that are slow, or send too much, on purpose: each is let go, others are served meanwhile, and the memory of the
//! server stays within bounds.
//!
//! All of them wait for the server to lose its patience, which is set to a second or two here.

use std::fs;
use std::io::Write as _;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::identity::Identity;
use crate::support::{Server, Wire, allow_open_files};

/// So many misbehave at once.
const CROWD: usize = 300;

/// The most memory that one of them may cost, in KiB, as the comment at `server.max_connections` says.
const EACH: u64 = 300;

/// What the server and its other clients may need meanwhile, in KiB.
const SLACK: u64 = 32 * 1024;

/// Files that the server opens for other reasons, such as those of its database.
const OTHERS: usize = 16;

/// A server that cannot wait for requests.
const HASTE: [(&str, &str); 2] =
    [("JANGTEO__SERVER__HEAD_TIMEOUT", "2s"), ("JANGTEO__SERVER__REQUEST_TIMEOUT", "2s")];

/// A server that has no patience with clients that ask nothing.
const NO_REST: [(&str, &str); 2] = [("JANGTEO__SERVER__KEEP_ALIVE", "2s"), HASTE[1]];

/// A server that cannot wait for its answers to be read.
const NO_DELAY: [(&str, &str); 1] = [("JANGTEO__SERVER__WRITE_TIMEOUT", "2s")];

/// How much memory a server has, in KiB.
fn resident(server: &Server) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.process())).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a figure");
    line.trim().trim_end_matches(" kB").parse().expect("a whole number")
}

/// How many files a server has open. Connections are files.
fn open_files(server: &Server) -> usize {
    fs::read_dir(format!("/proc/{}/fd", server.process())).expect("it runs").count()
}

/// Somebody who has nothing to do with it.
async fn bystander(server: &Server) {
    let api = server.api();
    for _ in 0..10 {
        api.get("/products").await.is(200);
        api.get("/products/x").await.is(404);
    }
}

/// A server that has been asked something, so that it has what it needs, with its memory and open files.
async fn warm(settings: &[(&str, &str)]) -> (Server, u64, usize) {
    allow_open_files(4_096);
    let server = Server::with(settings);
    bystander(&server).await;
    let (memory, files) = (resident(&server), open_files(&server));
    (server, memory, files)
}

/// Connections on each of which this was written.
async fn crowd(server: &Server, size: usize, bytes: &str) -> Vec<Wire<TcpStream>> {
    let mut arriving = JoinSet::new();
    for _ in 0..size {
        let (address, bytes) = (server.address().to_owned(), bytes.to_owned());
        arriving.spawn(async move {
            let mut wire = Wire::open(&address).await;
            wire.say(&bytes).await;
            wire
        });
    }
    arriving.join_all().await
}

#[track_caller]
fn is_within(server: &Server, before: u64, allowed: u64) {
    let grown = resident(server).saturating_sub(before);
    assert!(grown <= allowed, "{grown} KiB more than before, of {allowed}");
}

/// Waits until the server has let go of all connections that it did not have before.
async fn all_are_gone(server: &Server, files: usize) {
    while open_files(server) > files + OTHERS {
        sleep(Duration::from_millis(20)).await;
    }
}

/// Writes a little now and then, until the server has had enough.
async fn dribble(wire: Wire<TcpStream>) -> String {
    let (mut reading, mut writing) = wire.0.into_split();
    let talking = tokio::spawn(async move {
        while writing.write_all(b"x").await.is_ok() {
            sleep(Duration::from_millis(50)).await;
        }
    });
    let mut heard = Vec::new();
    let _ = reading.read_to_end(&mut heard).await;
    talking.await.unwrap();
    String::from_utf8_lossy(&heard).into_owned()
}

/// Writes a start, and then the same over and over as fast as it goes, until the server has had enough.
async fn pour(mut wire: Wire<TcpStream>, start: String, more: String) -> String {
    wire.say(start).await;
    let (mut reading, mut writing) = wire.0.into_split();
    let talking = tokio::spawn(async move { while writing.write_all(more.as_bytes()).await.is_ok() {} });
    let mut heard = Vec::new();
    let _ = reading.read_to_end(&mut heard).await;
    talking.await.unwrap();
    String::from_utf8_lossy(&heard).into_owned()
}

const HALF_A_HEAD: &str = "GET /api/v1/products HTTP/1.1\r\nHost: x\r\nX-Long: ";

#[tokio::test(flavor = "multi_thread")]
async fn heads_that_do_not_end_are_not_waited_for() {
    let (server, memory, files) = warm(&HASTE).await;
    // As large as a head can be, but for its end.
    let half = format!("{HALF_A_HEAD}{}", "x".repeat(120 * 1024));
    let wires = crowd(&server, CROWD, &half).await;
    bystander(&server).await;
    is_within(&server, memory, CROWD as u64 * EACH + SLACK);
    for mut wire in wires {
        let told = wire.rest().await;
        assert!(told.is_empty() || told.starts_with("HTTP/1.1 408"), "{told}");
    }
    all_are_gone(&server, files).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_that_trickle_in_are_not_waited_for_the_first_or_a_later() {
    let (server, memory, files) = warm(&HASTE).await;
    let mut wires = crowd(&server, CROWD, HALF_A_HEAD).await;
    // Half of them have asked something before, and have been answered.
    for wire in wires.iter_mut().take(CROWD / 2) {
        wire.ask("\r\n\r\n").await.is(200);
        wire.say(HALF_A_HEAD).await;
    }
    let trickling: JoinSet<String> = wires.into_iter().map(dribble).collect();
    bystander(&server).await;
    is_within(&server, memory, CROWD as u64 * EACH + SLACK);
    for told in trickling.join_all().await {
        assert!(told.is_empty() || told.starts_with("HTTP/1.1 408"), "{told}");
    }
    all_are_gone(&server, files).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_trickle_in_are_not_waited_for() {
    let (server, memory, files) = warm(&HASTE).await;
    for length in ["Content-Length: 60000", "Transfer-Encoding: chunked"] {
        let start = format!(
            "POST /api/v1/users HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{length}\r\n\r\nF000\r\n"
        );
        let wires = crowd(&server, CROWD, &start).await;
        let trickling: JoinSet<String> = wires.into_iter().map(dribble).collect();
        bystander(&server).await;
        is_within(&server, memory, CROWD as u64 * EACH + SLACK);
        for told in trickling.join_all().await {
            assert!(told.starts_with("HTTP/1.1 503") && told.contains("\"unavailable\""), "{told}");
        }
    }
    all_are_gone(&server, files).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_do_not_end_are_not_read_for_ever() {
    // Time enough for the bystander, whatever the others take of the processor.
    let patient = [("JANGTEO__SERVER__HEAD_TIMEOUT", "3s"), ("JANGTEO__SERVER__REQUEST_TIMEOUT", "1s")];
    let (server, memory, files) = warm(&patient).await;
    let chunk = format!("4000\r\n{}\r\n", " ".repeat(16 * 1024));
    let log_in = "POST /api/v1/auth/login";
    for (request, beginning, more, statuses) in [
        // Too large, and not asked for.
        (log_in, "", &chunk, &["413"][..]),
        ("GET /livez", "", &chunk, &["200"]),
        // Nothing of it is a body: the size of a chunk, and what may come after the end.
        (log_in, "", &"0".repeat(16 * 1024), &["", "400", "413", "503"]),
        (log_in, "0\r\n", &"X-More: x\r\n".repeat(1_000), &["", "400", "413", "431", "503"]),
    ] {
        let start = format!(
            "{request} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{beginning}"
        );
        // Two are enough: they take as much of the processor as they can get.
        let wires = crowd(&server, 2, "").await;
        let pouring: JoinSet<String> =
            wires.into_iter().map(|wire| pour(wire, start.clone(), more.clone())).collect();
        bystander(&server).await;
        is_within(&server, memory, 2 * EACH + SLACK);
        let ended = timeout(Duration::from_mins(1), pouring.join_all()).await;
        for told in
            ended.unwrap_or_else(|_| panic!("{request} with {beginning}{:.9} is read for ever", *more))
        {
            // Who is still writing may find the connection reset before they have read why.
            let status = told.split(' ').nth(1).unwrap_or_default();
            assert!(status.is_empty() || statuses.contains(&status), "{request} {beginning:?}: {told}");
        }
        all_are_gone(&server, files).await;
    }
}

/// Its request was refused for what its head said, and the rest of the body is not wanted, but would have to come.
#[tokio::test]
async fn a_body_that_is_left_unfinished_keeps_no_connection() {
    let (server, _, files) = warm(&NO_REST).await;
    let start = "POST /api/v1/orders HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n";
    for mut wire in crowd(&server, 40, start).await {
        wire.hear("POST").await.is(401);
        assert_eq!(wire.rest().await, "");
    }
    all_are_gone(&server, files).await;
}

#[tokio::test]
async fn a_connection_that_rests_is_closed() {
    let (server, _, files) = warm(&NO_REST).await;
    for mut wire in crowd(&server, 40, "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n").await {
        wire.hear("GET").await.is(200);
        assert_eq!(wire.rest().await, "");
    }
    all_are_gone(&server, files).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_not_read_are_not_kept() {
    let (server, memory, files) = warm(&NO_DELAY).await;
    for path in ["/docs/swagger-ui-bundle.js", "/openapi.json"] {
        // Together more than a system keeps for a connection by itself.
        let requests = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").repeat(32);
        let mut wires = Vec::new();
        for _ in 0..CROWD {
            let socket = TcpSocket::new_v4().unwrap();
            socket.set_recv_buffer_size(4_096).unwrap();
            let mut wire = Wire(socket.connect(server.address().parse().unwrap()).await.unwrap());
            wire.say(&requests).await;
            wires.push(wire);
        }
        bystander(&server).await;
        is_within(&server, memory, CROWD as u64 * EACH + SLACK);
        all_are_gone(&server, files).await;
        // They were still there.
        drop(wires);
    }
}

/// Taken apart, each request is much larger than it was when it came.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_not_too_far_ahead() {
    let (server, memory, files) = warm(&[]).await;
    let short = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n";
    for mut wire in crowd(&server, 10, &short.repeat(32)).await {
        for _ in 0..32 {
            wire.hear("GET").await.is(200);
        }
        // And again, when these are answered.
        wire.say(short.repeat(32)).await;
        for _ in 0..32 {
            wire.hear("GET").await.is(200);
        }
    }
    // The first takes a while, and the others wait in memory.
    let body = json!({ "email": "nobody@example.com", "password": "correct horse battery" }).to_string();
    let log_in = format!(
        "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let wires = crowd(&server, CROWD, &format!("{log_in}{}", short.repeat(4_000))).await;
    bystander(&server).await;
    is_within(&server, memory, CROWD as u64 * EACH + SLACK);
    for mut wire in wires {
        wire.rest().await;
    }
    all_are_gone(&server, files).await;
}

#[tokio::test]
async fn a_handshake_that_does_not_end_is_not_waited_for() {
    let (folder, identity) = (tempfile::tempdir().unwrap(), Identity::new());
    identity.put(folder.path());
    let settings = Identity::settings(folder.path());
    let tls = settings.iter().map(|(name, value)| (*name, value.as_str()));
    let server = Server::with(&tls.chain(HASTE).collect::<Vec<_>>());
    let files = open_files(&server);
    // Nothing, and the beginning of a `ClientHello`.
    for bytes in ["", "\u{16}\u{3}\u{1}"] {
        let wires = crowd(&server, CROWD, bytes).await;
        Wire::secure(server.address(), &identity).await.unwrap().get("/livez").await.is(200);
        for mut wire in wires {
            assert_eq!(wire.rest().await, "");
        }
    }
    // And one that is encrypted and slow after that.
    let mut wire = Wire::secure(server.address(), &identity).await.unwrap();
    wire.get("/livez").await.is(200);
    wire.say(HALF_A_HEAD).await;
    assert_eq!(wire.rest().await, "");
    all_are_gone(&server, files).await;
}

/// More wait until there is room, and are served then.
#[tokio::test]
async fn there_are_as_many_connections_as_there_may_be() {
    let few = [
        ("JANGTEO__SERVER__WORKERS", "1"),
        ("JANGTEO__SERVER__MAX_CONNECTIONS", "8"),
        ("JANGTEO__SERVER__HEAD_TIMEOUT", "1s"),
    ];
    let server = Server::with(&few);
    let files = open_files(&server);
    let wires = crowd(&server, 48, HALF_A_HEAD).await;
    let mut late = Wire::open(server.address()).await;
    let waiting = tokio::spawn(async move { late.get("/livez").await });
    while open_files(&server) < files + 8 {}
    while !waiting.is_finished() {
        assert!(open_files(&server) <= files + 8 + OTHERS, "{}", open_files(&server) - files);
        sleep(Duration::from_millis(20)).await;
    }
    waiting.await.unwrap().is(200);
    drop(wires);
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_that_are_too_large_are_refused() {
    let (server, memory, files) = warm(&HASTE).await;
    let long = format!("{HALF_A_HEAD}{}\r\n\r\n", "x".repeat(1024 * 1024));
    let many = |lines| format!("GET /livez HTTP/1.1\r\nHost: x\r\n{}\r\n", "X-Many: x\r\n".repeat(lines));
    let (many, thousand) = (many(97), many(1_000));
    let address = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(1024 * 1024));
    // On a busy machine they may also be too late before they are known to be too large (408).
    for (head, statuses) in [
        (&long, ["", "408", "431"]),
        (&many, ["400", "408", "431"]),
        (&thousand, ["400", "408", "431"]),
        (&address, ["", "408", "431"]),
    ] {
        let wires = crowd(&server, CROWD, head).await;
        bystander(&server).await;
        is_within(&server, memory, CROWD as u64 * EACH + SLACK);
        for mut wire in wires {
            // Who is still writing may find the connection reset before they have read why.
            let told = wire.rest().await;
            let status = told.split(' ').nth(1).unwrap_or_default();
            assert!(statuses.contains(&status), "{told}");
        }
    }
    all_are_gone(&server, files).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_packed_is_not_unpacked() {
    let (server, memory, _) = warm(&[]).await;
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    for _ in 0..60 {
        packed.write_all(&vec![b' '; 1024 * 1024]).unwrap();
    }
    let packed = packed.finish().unwrap();
    assert!(packed.len() < 64 * 1024, "{}", packed.len());
    let mut sending = JoinSet::new();
    for _ in 0..40 {
        for encoding in ["gzip", "deflate", "br", "zstd", "identity, gzip"] {
            let (api, packed) = (server.api(), packed.clone());
            sending.spawn(async move {
                let request = api.request(Method::POST, "/auth/login").header("Content-Encoding", encoding);
                let request = request.header("Content-Type", "application/json").body(packed);
                api.send(request).await.is_problem(415, "unsupported-media-type");
            });
        }
    }
    sending.join_all().await;
    bystander(&server).await;
    // Each is 60 MiB when it is unpacked.
    is_within(&server, memory, SLACK);
}

#[tokio::test(flavor = "multi_thread")]
async fn json_within_json_within_json_is_refused_early() {
    let (server, memory, _) = warm(&[]).await;
    let deep =
        ["[".repeat(64 * 1024), "{\"a\":".repeat(13_000), format!("{{\"email\": {}", "[".repeat(60_000))];
    let mut sending = JoinSet::new();
    for body in deep.iter().cycle().take(CROWD) {
        let (api, body) = (server.api(), body.clone());
        sending.spawn(async move {
            api.raw("/auth/login", body).await.is_problem(400, "malformed-request");
        });
    }
    sending.join_all().await;
    bystander(&server).await;
    is_within(&server, memory, CROWD as u64 * EACH / 2 + SLACK);
    let body = json!({ "email": "nobody@example.com", "password": "correct horse battery" });
    server.api().post("/auth/login", &body).await.is(401);
}
