//! The commands, their output and their exit codes.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Output;

use serde_json::json;

use crate::support::server::run_in;
use crate::support::{PASSWORD, Server, run};

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn wrong_usage_ends_with_2_and_help_with_0() {
    for wrong in [
        &["dance"][..],
        &["--verbose"],
        &["admin"],
        &["admin", "create"],
        &["keys"],
        &["keys", "rotate", "all"],
        &["keys", "generate", "one", "two"],
        &["migrate", "--check", "--down", "1"],
        &["migrate", "--down", "0"],
    ] {
        assert_eq!(run(&[], wrong).status.code(), Some(2), "{wrong:?}");
    }
    let not_an_address = ["admin", "create", "--email", "x", "--name", "x"];
    assert_eq!(run(&[], &not_an_address).status.code(), Some(2));
    let help = run(&[], &["--help"]);
    assert_eq!(help.status.code(), Some(0));
    for command in ["serve", "migrate", "demo", "keys", "admin", "openapi", "config"] {
        assert!(text(&help).contains(command), "{command}");
        assert_eq!(run(&[], &[command, "--help"]).status.code(), Some(0));
    }
}

#[test]
fn the_document_is_printed_whatever_the_configuration_is() {
    let printed = run(&[("JANGTEO__NONSENSE", "x")], &["openapi"]);
    assert_eq!(printed.status.code(), Some(0));
    let document = text(&printed);
    assert!(document.starts_with("openapi: 3.1"), "{}", &document[..100]);
    assert!(document.contains("/api/v1/orders:"));
    assert_eq!(text(&run(&[], &["openapi"])), document);
}

#[test]
fn the_schema_is_brought_up_to_date_and_back() {
    let folder = tempfile::tempdir().unwrap();
    let migrate = |arguments: &[&str]| run_in(folder.path(), &[], &[&["migrate"], arguments].concat(), "");
    let missing = migrate(&["--check"]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(fs::read_dir(folder.path()).unwrap().next().is_none(), "a check leaves nothing behind");

    let made = migrate(&[]);
    assert_eq!(made.status.code(), Some(0), "{}", text(&made));
    let count = text(&made).lines().filter(|line| line.starts_with("made: ")).count();
    assert!(count >= 8, "{}", text(&made));
    assert_eq!(migrate(&["--check"]).status.code(), Some(0));
    assert!(text(&migrate(&[])).contains("up to date"));

    assert_eq!(migrate(&["--down", "2"]).status.code(), Some(0));
    let pending = migrate(&["--check"]);
    assert_eq!(pending.status.code(), Some(1));
    assert_eq!(
        text(&pending).lines().filter(|line| line.starts_with("missing: ")).count(),
        2,
        "{}",
        text(&pending)
    );
    assert_eq!(migrate(&[]).status.code(), Some(0));
    assert_eq!(migrate(&["--check"]).status.code(), Some(0));
}

#[test]
fn a_database_is_the_same_to_every_command_whatever_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("a%20shop.sqlite").display());
    let by_url = [("JANGTEO__DATABASE__URL", url.as_str())];
    let by_folder = [("JANGTEO__DATA_DIR", "100%20 of it? 가게")];
    for (settings, file) in [(by_url, "a shop.sqlite"), (by_folder, "100%20 of it? 가게/jangteo.sqlite")] {
        let migrate = |arguments: &[&str]| run_in(folder.path(), &settings, arguments, "");
        let made = migrate(&["migrate"]);
        assert_eq!(made.status.code(), Some(0), "{}", text(&made));
        assert!(folder.path().join(file).is_file(), "{file}: {}", text(&made));
        let checked = migrate(&["migrate", "--check"]);
        assert_eq!(checked.status.code(), Some(0), "{}", text(&checked));
    }
}

#[tokio::test]
async fn an_administrator_is_made_with_a_password_from_standard_input() {
    let server = Server::start();
    let create = |email: &str, input: &str| {
        server.run(&["admin", "create", "--email", email, "--name", "운영자"], input)
    };
    assert_eq!(create("boss@example.com", "short\n").status.code(), Some(1));
    assert_eq!(create("boss@example.com", "").status.code(), Some(1));
    let made = create("boss@example.com", &format!("{PASSWORD}\r\nmore\n"));
    assert_eq!(made.status.code(), Some(0), "{}", text(&made));
    assert!(!text(&made).contains(PASSWORD));
    let again = create("BOSS@example.com", &format!("{PASSWORD}\n"));
    assert_eq!(again.status.code(), Some(1));
    assert!(text(&again).contains("belongs to an account"), "{}", text(&again));
    let boss = server.log_in("boss@example.com").await;
    assert_eq!(boss.get("/users/me").await.is(200).body["role"], "ADMIN");
    boss.product("Mug", 1, 1).await;
}

#[tokio::test]
async fn the_demo_fills_a_running_shop_and_is_safe_to_repeat() {
    let server = Server::start();
    let first = server.run(&["demo"], "");
    assert_eq!(first.status.code(), Some(0), "{}", text(&first));
    let printed = text(&first);
    let api = server.api();
    let mut people = Vec::new();
    for email in ["admin@example.com", "minji@example.com"] {
        let line = printed.lines().find(|line| line.contains(email)).expect("a log-in");
        let password = line.split_whitespace().nth(1).expect("a password");
        let login = json!({ "email": email, "password": password });
        let tokens = api.post("/auth/login", &login).await.is(200);
        people.push(api.with_token(tokens.body["accessToken"].as_str().unwrap()));
    }
    let (admin, minji) = (&people[0], &people[1]);
    let snapshot = async || {
        let mut all = Vec::new();
        for path in [
            "/products?limit=100",
            "/products?status=SUSPENDED",
            "/orders",
            "/users/me/points",
            "/users/me/points/history",
            "/coupons",
        ] {
            all.push(minji.get(path).await.is(200).body);
        }
        all.push(admin.get("/admin/users").await.is(200).body);
        all
    };
    let before = snapshot().await;
    assert_eq!(before[0]["items"].as_array().unwrap().len(), 9);
    assert_eq!(before[1]["items"].as_array().unwrap().len(), 1);
    assert!(before[0]["items"].as_array().unwrap().iter().any(|product| product["stock"] == 0));
    let statuses: Vec<_> =
        before[2]["items"].as_array().unwrap().iter().map(|order| order["status"].clone()).collect();
    assert_eq!(statuses, ["PENDING_PAYMENT", "PAID", "PAID"]);
    assert!(before[3]["balance"]["amount"].as_i64().unwrap() > 100_000);

    let campaigns = before[5]["items"].as_array().unwrap();
    assert_eq!((campaigns.len(), &campaigns[0]["state"]), (1, &json!("OPEN")));

    let second = server.run(&["demo"], "");
    assert_eq!(second.status.code(), Some(0), "{}", text(&second));
    assert!(text(&second).contains("nothing has changed"), "{}", text(&second));
    assert_eq!(snapshot().await, before);
}

#[tokio::test]
async fn a_stopped_server_ends_with_0_and_starts_again() {
    let mut server = Server::start();
    let minji = server.customer().await;
    minji.charge(1_000).await;
    assert_eq!(server.stop().code(), Some(0));
    let server = server.another();
    assert_eq!(minji.at(&server).balance().await, 1_000);
}

#[tokio::test]
async fn two_servers_share_a_folder() {
    let first = Server::start();
    let second = first.another();
    let minji = first.customer().await;
    minji.charge(1_000).await;
    minji.at(&second).charge(2_000).await;
    assert_eq!((minji.balance().await, minji.at(&second).balance().await), (3_000, 3_000));
}

#[tokio::test]
async fn requests_under_way_are_answered_before_the_server_ends() {
    let mut server = Server::start();
    let minji = server.customer().await;
    // A body that comes in two halves: the request is under way when the server is asked to end.
    let body = json!({ "amount": { "amount": 1_000, "currency": "KRW" } }).to_string();
    let (one, two) = body.split_at(10);
    let head = format!(
        "POST /api/v1/users/me/points/charges HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nIdempotency-Key: k\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{one}",
        minji.access_token,
        body.len()
    );
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    // Answers to later requests show that the earlier one has been taken up.
    minji.get("/users/me").await.is(200);
    server.terminate();
    while !server.log().contains("draining") {
        std::thread::yield_now();
    }
    stream.write_all(two.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert_eq!(server.wait().code(), Some(0));
    let server = server.another();
    assert_eq!(minji.at(&server).balance().await, 1_000);
}

#[test]
fn an_address_that_is_taken_is_told() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let refused = run(&[("JANGTEO__SERVER__BIND", &address)], &["serve"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused).contains(&address), "{}", text(&refused));
}
