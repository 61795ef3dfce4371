//! Log-ins from their beginning to their many ends.

use serde_json::json;

use crate::support::{Api, PASSWORD, Person, Server};

async fn refresh(api: &Api, token: &str) -> crate::support::Reply {
    api.post("/auth/refresh", &json!({ "refreshToken": token })).await
}

#[tokio::test]
async fn a_log_in_gives_tokens_of_the_promised_form() {
    let server = Server::start();
    let minji = server.customer().await;
    let login = json!({ "email": minji.email.to_uppercase(), "password": PASSWORD });
    let tokens = server.api().post("/auth/login", &login).await.is(200);
    assert_eq!((&tokens.body["tokenType"], &tokens.body["expiresIn"]), (&json!("Bearer"), &json!(900)));
    assert_eq!(tokens.body.as_object().unwrap().len(), 4);
    assert_eq!(tokens.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_answer_alike() {
    let server = Server::start();
    let minji = server.customer().await;
    let api = server.api();
    let mut details = Vec::new();
    for (email, password) in [
        (minji.email.as_str(), "wrong horse battery"),
        ("nobody@example.com", PASSWORD),
        ("no address", PASSWORD),
        (minji.email.as_str(), ""),
        (minji.email.as_str(), &"x".repeat(5_000)),
    ] {
        let refused = api.post("/auth/login", &json!({ "email": email, "password": password })).await;
        details.push(refused.is_problem(401, "invalid-credentials").body["detail"].clone());
    }
    details.dedup();
    assert_eq!(details.len(), 1);
}

#[tokio::test]
async fn a_refresh_token_works_once_and_a_reused_one_ends_the_log_in() {
    let server = Server::start();
    let (api, minji) = (server.api(), server.customer().await);
    let second = refresh(&api, &minji.refresh_token).await.is(200);
    let text = |reply: &crate::support::Reply, field: &str| reply.body[field].as_str().unwrap().to_owned();
    let renewed = api.with_token(&text(&second, "accessToken"));
    renewed.get("/users/me").await.is(200);

    // Somebody shows the first token again: both holders are out, with all their tokens.
    refresh(&api, &minji.refresh_token).await.is_problem(401, "unauthenticated");
    refresh(&api, &text(&second, "refreshToken")).await.is_problem(401, "unauthenticated");
    renewed.get("/users/me").await.is_problem(401, "unauthenticated");
    minji.get("/users/me").await.is_problem(401, "unauthenticated");
    // Other log-ins of the account go on.
    server.log_in(&minji.email).await;
}

#[tokio::test]
async fn logging_out_ends_this_log_in_and_no_other() {
    let server = Server::start();
    let (api, phone) = (server.api(), server.customer().await);
    let laptop = server.log_in(&phone.email).await;
    let shown = json!({ "refreshToken": phone.refresh_token });
    api.post("/auth/logout", &shown).await.is(204);
    phone.get("/users/me").await.is_problem(401, "unauthenticated");
    refresh(&api, &phone.refresh_token).await.is_problem(401, "unauthenticated");
    laptop.get("/users/me").await.is(200);
    // Again, or with what is nobody's token: nothing happens.
    api.post("/auth/logout", &shown).await.is(204);
    api.post("/auth/logout", &json!({ "refreshToken": "nobody's" })).await.is(204);
}

#[tokio::test]
async fn a_new_password_ends_the_other_log_ins() {
    let server = Server::start();
    let laptop = server.customer().await;
    let phone = server.log_in(&laptop.email).await;
    let change = |current: &str| json!({ "currentPassword": current, "newPassword": "a new password" });
    laptop.post("/users/me/password", &change("not this one")).await.is_problem(401, "invalid-credentials");
    phone.get("/users/me").await.is(200);
    laptop
        .post("/users/me/password", &json!({ "currentPassword": PASSWORD, "newPassword": "short" }))
        .await
        .is_invalid(&["/newPassword"]);

    laptop.post("/users/me/password", &change(PASSWORD)).await.is(204);
    laptop.get("/users/me").await.is(200);
    phone.get("/users/me").await.is_problem(401, "unauthenticated");
    refresh(&server.api(), &phone.refresh_token).await.is_problem(401, "unauthenticated");
    let login = |password: &str| json!({ "email": laptop.email, "password": password });
    server.api().post("/auth/login", &login(PASSWORD)).await.is_problem(401, "invalid-credentials");
    server.api().post("/auth/login", &login("a new password")).await.is(200);
}

#[tokio::test]
async fn an_access_token_expires_and_the_log_in_goes_on() {
    let server = Server::with(&[("JANGTEO__SESSIONS__ACCESS_LIFETIME", "1s")]);
    let body = json!({ "email": "minji@example.com", "password": PASSWORD, "name": "x" });
    server.api().post("/users", &body).await.is(201);
    let login = json!({ "email": "minji@example.com", "password": PASSWORD });
    let tokens = server.api().post("/auth/login", &login).await.is(200);
    assert_eq!(tokens.body["expiresIn"], 1);
    let minji = server.api().with_token(tokens.body["accessToken"].as_str().unwrap());
    // No clock of the server can be set from here, so this waits for the second to pass, however long that takes.
    let mut answer = minji.get("/users/me").await;
    while answer.status == 200 {
        answer = minji.get("/users/me").await;
    }
    answer.is_problem(401, "unauthenticated");
    refresh(&server.api(), tokens.body["refreshToken"].as_str().unwrap()).await.is(200);
}

#[tokio::test]
async fn no_token_but_ours_gets_in() {
    let (server, elsewhere) = (Server::start(), Server::start());
    let (minji, stranger): (Person, Person) = (server.customer().await, elsewhere.customer().await);
    let mut altered = minji.access_token.clone();
    altered.replace_range(altered.len() - 3.., if altered.ends_with("AAA") { "BBB" } else { "AAA" });
    // {"alg":"none"} with the claims of the real one.
    let claims = minji.access_token.split('.').nth(1).unwrap();
    let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{claims}.");
    let api = server.api();
    for token in [altered.as_str(), &stranger.access_token, &unsigned, "", "x", "a.b.c", &minji.refresh_token]
    {
        api.with_token(token).get("/users/me").await.is_problem(401, "unauthenticated");
    }
    for header in ["Basic bWluamk6eA==", "Bearer", &format!("Token {}", minji.access_token)] {
        let refused =
            api.get_with("/users/me", "Authorization", header).await.is_problem(401, "unauthenticated");
        assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
    }
    api.get("/users/me").await.is_problem(401, "unauthenticated");
    let lower = format!("bearer {}", minji.access_token);
    api.get_with("/users/me", "Authorization", &lower).await.is(200);
}
