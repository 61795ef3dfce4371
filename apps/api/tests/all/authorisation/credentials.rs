//! Tokens that were good, or are nearly: they let nobody in, whatever they ask for.

use std::fs;
use std::os::unix::fs::OpenOptionsExt as _;

use serde_json::{Value, json};

use super::table::{LOG_IN, ROWS, Row};
use super::things::Things;
use crate::support::{PASSWORD, Person, Server};

#[tokio::test]
async fn broken_credentials_let_nobody_in() {
    let server = Server::start();
    let keeper = server.admin().await;
    let things = Things::new(&server, &keeper).await;
    // With tokens that stand, one of these two would get in everywhere.
    let emails = [&things.owner.email, &keeper.email];
    let hasty = server.another_with(&[("JANGTEO__SESSIONS__ACCESS_LIFETIME", "1s")]);
    let short = [log_in(&hasty, emails[0]).await, log_in(&hasty, emails[1]).await];
    let forger = with_another_token_key(&server);
    let mut tokens = Vec::new();
    for email in emails {
        tokens.push(("signed by another key", signed_elsewhere(&forger, email).await));
        tokens.push(("of no algorithm", unsigned(&server.log_in(email).await)));
        tokens.push(("of a log-in that has ended", logged_out(&server, email).await));
    }
    for doomed in [server.customer().await, server.admin().await] {
        tokens.push(("of an account that is gone", deleted(&doomed).await));
    }
    for log_in in &short {
        tokens.push(("that has expired", expired(&server, log_in).await));
    }

    let before = things.state().await;
    let mut faults = Vec::new();
    let secured = |row: &&Row| row.gets[0] == LOG_IN && row.gets != [LOG_IN; 4];
    let secured: Vec<&Row> = ROWS.iter().filter(secured).collect();
    assert!(secured.len() > 30, "{}", secured.len());
    for row in secured {
        for (wrong, token) in &tokens {
            let reply = row.ask(&server.api().with_token(token), &things).await;
            if (reply.status, &reply.body["code"]) != (401, &json!("unauthenticated")) {
                faults.push(format!("{} with a token {wrong}: {}", reply.request, reply.text));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_eq!(things.state().await, before);
}

/// The tokens of a log-in, which the server was not asked about again.
async fn log_in(server: &Server, email: &str) -> Value {
    server.api().post("/auth/login", &json!({ "email": email, "password": PASSWORD })).await.is(200).body
}

/// The access token, when it has expired; the log-in goes on.
async fn expired(server: &Server, tokens: &Value) -> String {
    let token = tokens["accessToken"].as_str().unwrap();
    let holder = server.api().with_token(token);
    while holder.get("/users/me").await.status == 200 {}
    let shown = json!({ "refreshToken": tokens["refreshToken"] });
    server.api().post("/auth/refresh", &shown).await.is(200);
    token.to_owned()
}

/// A server of the same shop that signs with a key of its own, under the same id.
fn with_another_token_key(server: &Server) -> Server {
    let folder = server.folder();
    let keys = fs::read(folder.join("data/keys/keys.json")).unwrap();
    let mut keys: Value = serde_json::from_slice(&keys).unwrap();
    // Any key will do that is not the one.
    keys["token"]["keys"][0]["key"] = keys["cursor"].clone();
    fs::create_dir_all(folder.join("forger/keys")).unwrap();
    let file = fs::File::options()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(folder.join("forger/keys/keys.json"));
    serde_json::to_writer(file.unwrap(), &keys).unwrap();
    let database = server.database_url();
    server.another_with(&[("JANGTEO__DATA_DIR", "forger"), ("JANGTEO__DATABASE__URL", &database)])
}

/// A token of a log-in that stands. It gets in where the other key is known.
async fn signed_elsewhere(forger: &Server, email: &str) -> String {
    let person = forger.log_in(email).await;
    person.get("/users/me").await.is(200);
    person.access_token
}

/// The claims of a token that stands, under `{"alg":"none","typ":"JWT"}` and without a signature.
fn unsigned(person: &Person) -> String {
    let claims = person.access_token.split('.').nth(1).unwrap();
    format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{claims}.")
}

async fn logged_out(server: &Server, email: &str) -> String {
    let person = server.log_in(email).await;
    person.post("/auth/logout", &json!({ "refreshToken": person.refresh_token })).await.is(204);
    person.access_token
}

async fn deleted(person: &Person) -> String {
    person.delete("/users/me").await.is(204);
    person.access_token.clone()
}
