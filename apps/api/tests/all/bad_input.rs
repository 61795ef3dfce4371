//! Input that no client should send. Each kind gets its promised status and code, and never a 5xx.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

use reqwest::Method;
use serde_json::{Value, json};

use crate::coupons::campaign;
use crate::support::{Person, Server, money, next};

async fn post_text(person: &Person, path: &str, body: &str) -> crate::support::Reply {
    person.raw(path, body.to_owned()).await
}

#[tokio::test]
async fn what_is_not_json_is_malformed() {
    let server = Server::start();
    let minji = server.customer().await;
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    for body in [
        "",
        " ",
        "{",
        "{\"items\":}",
        "[1,]",
        "{} {}",
        "nul",
        "'x'",
        "{\"a\":1e}",
        "\u{feff}{}",
        "{\"a\":01}",
        &deep,
        "\"\\ud800\"",
    ] {
        post_text(&minji, "/orders", body).await.is_problem(400, "malformed-request");
    }
    for body in
        [&b"{\"items\": \"\xff\"}"[..], b"{\"\xc3\x28\": 1}", b"\xff\xfe", b"{\"a\": \"\x00\"}", b"\x00"]
    {
        minji.raw("/orders", body.to_vec()).await.is_problem(400, "malformed-request");
    }
}

#[tokio::test]
async fn well_formed_json_of_another_shape_is_invalid() {
    let server = Server::start();
    let minji = server.customer().await;
    for (body, pointer) in [
        (json!(null), ""),
        (json!([]), "/items"),
        (json!("x"), ""),
        (json!({}), "/items"),
        (json!({ "items": null }), "/items"),
        (json!({ "items": {} }), "/items"),
        (json!({ "items": ["x"] }), "/items/0"),
        (json!({ "items": [{}] }), "/items/0/productId"),
        (json!({ "items": [{ "productId": 1, "quantity": 1 }] }), "/items/0/productId"),
        (json!({ "items": [{ "productId": "x", "quantity": "1" }] }), "/items/0/quantity"),
        (json!({ "items": [{ "productId": "x", "quantity": 1.5 }] }), "/items/0/quantity"),
        (json!({ "items": [{ "productId": "x", "quantity": true }] }), "/items/0/quantity"),
        (json!({ "items": [{ "productId": "x", "quantity": 1, "price": 1 }] }), "/items/0/price"),
        (json!({ "items": [], "total": 5 }), "/total"),
        (json!({ "items": [], "a/b~c": 5 }), "/a~1b~0c"),
        (json!({ "items": [], "expectedTotal": 5 }), "/expectedTotal"),
        (json!({ "items": [], "expectedTotal": { "amount": 5 } }), "/expectedTotal/currency"),
        (json!({ "items": [], "issuedCouponId": 5 }), "/issuedCouponId"),
    ] {
        // Something of another shape is told alone: the rest cannot be read.
        let refused = minji.once("/orders", &body).await.is_problem(422, "validation-failed");
        assert!(
            refused.pointers() == [pointer] || pointer == "/items" && refused.pointers() == [""],
            "{body}: {}",
            refused.text
        );
        let text = refused.text.to_lowercase();
        assert!(!text.contains("struct") && !text.contains("i64"), "{text}");
    }
}

#[tokio::test]
async fn numbers_at_and_past_the_edges_are_invalid() {
    let server = Server::start();
    let (admin, minji) = (server.admin().await, server.customer().await);
    let mug = admin.product("Mug", 1_000, 1).await;
    for number in [
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "-9223372036854775809",
        "18446744073709551616",
        "1e400",
        "-1e400",
        "1e5",
        "1.0",
        "-0",
        "0.1",
        "123456789012345678901234567890",
    ] {
        let amount = format!("{{\"amount\": {{\"amount\": {number}, \"currency\": \"KRW\"}}}}");
        post_text(&minji, "/users/me/points/charges", &amount).await.is_invalid(&["/amount/amount"]);
        let order = format!("{{\"items\": [{{\"productId\": \"{mug}\", \"quantity\": {number}}}]}}");
        post_text(&minji, "/orders", &order).await.is_invalid(&["/items/0/quantity"]);
        let product = format!(
            "{{\"name\": \"x\", \"price\": {{\"amount\": {number}, \"currency\": \"KRW\"}}, \"stock\": 1}}"
        );
        let reply = post_text(&admin, "/products", &product).await;
        reply.is_invalid(&["/price/amount"]);
    }
}

#[tokio::test]
async fn a_body_has_a_kind_and_a_size() {
    let server = Server::start();
    let minji = server.customer().await;
    let orders = |kind: &str| {
        minji
            .request(Method::POST, "/orders")
            .header("Idempotency-Key", "k")
            .header("Content-Type", kind)
            .body("{}")
    };
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json; charset=euc-kr",
        "application/problem+json",
        "x",
    ] {
        minji.send(orders(kind)).await.is_problem(415, "unsupported-media-type");
    }
    let without = minji.request(Method::POST, "/orders").header("Idempotency-Key", "k").body("{}");
    minji.send(without).await.is_problem(415, "unsupported-media-type");
    let zipped = orders("application/json").header("Content-Encoding", "gzip");
    minji.send(zipped).await.is_problem(415, "unsupported-media-type");
    for kind in ["application/json", "application/json; charset=utf-8", "Application/JSON;charset=\"UTF-8\""]
    {
        minji.send(orders(kind)).await.is_problem(422, "validation-failed");
    }

    // A body of exactly the limit is read.
    let padded = |size: usize| format!("{{\"items\": []{}}}", " ".repeat(size - 13));
    assert_eq!(padded(64 * 1024).len(), 64 * 1024);
    minji.raw("/orders", padded(64 * 1024)).await.is_problem(422, "validation-failed");
    for size in [64 * 1024 + 1, 1024 * 1024, 20 * 1024 * 1024] {
        minji.raw("/orders", padded(size)).await.is_problem(413, "body-too-large");
    }
    // So is one that is not needed, within the limit.
    let cancel = minji.request(Method::POST, "/orders/x/cancel");
    minji.send(cancel.body("not even JSON")).await.is_problem(404, "not-found");
    let cancel = minji.request(Method::POST, "/orders/x/cancel");
    minji.send(cancel.body(vec![b'x'; 100_000])).await.is_problem(413, "body-too-large");
    let list = minji.request(Method::GET, "/orders");
    minji.send(list.body("ignored")).await.is(200);
}

/// Sends bytes as they are.
fn say(server: &Server, parts: &[&[u8]]) -> TcpStream {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    for part in parts {
        // The server may have seen enough and closed.
        if stream.write_all(part).is_err() {
            break;
        }
    }
    stream
}

/// Sends bytes as they are, and nothing after them, and reads until the server closes.
fn talk(server: &Server, parts: &[&[u8]]) -> String {
    let stream = say(server, parts);
    let _ = stream.shutdown(Shutdown::Write);
    hear(stream)
}

/// Reads until the server closes.
fn hear(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_body_in_chunks_or_of_another_length_than_it_says_is_bounded_too() {
    let server = Server::start();
    let minji = server.customer().await;
    let head = |more: &str| {
        format!(
            "POST /api/v1/orders HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {}\r\nIdempotency-Key: k-{}\r\n\
             Content-Type: application/json\r\n{more}\r\n\r\n",
            minji.access_token,
            next()
        )
    };
    let chunk = format!("{:x}\r\n{}\r\n", 16_384, " ".repeat(16_384));
    let chunks: Vec<&[u8]> = vec![chunk.as_bytes(); 5];
    let start = head("Transfer-Encoding: chunked");
    // Its sender stays. To the HTTP library a body of more than 32 KiB has broken off when its sender closes before it was
    // read, even if all of it has come.
    let answer = hear(say(&server, &[&[start.as_bytes()], &chunks[..], &[b"0\r\n\r\n"]].concat()));
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");

    // Much more is announced than comes: refused at once, without waiting for it.
    let start = head("Content-Length: 1000000");
    assert!(talk(&server, &[start.as_bytes(), b"{}"]).starts_with("HTTP/1.1 413"));
    // Somewhat more is announced than comes: the body broke off. Nobody may be left to tell.
    let start = head("Content-Length: 50");
    let answer = talk(&server, &[start.as_bytes(), b"{}"]);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{answer}");
    // Less is announced than comes: what is left over is no request.
    let start = head("Content-Length: 2");
    let answer = talk(&server, &[start.as_bytes(), b"{}{\"items\": []}"]);
    assert!(answer.starts_with("HTTP/1.1 422"), "{answer}");
    for nonsense in [
        "Content-Length: -1",
        "Content-Length: 1\r\nContent-Length: 2",
        "Content-Length: x",
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
    ] {
        let answer = talk(&server, &[head(nonsense).as_bytes(), b"{}"]);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{nonsense}: {answer}");
    }
    minji.get("/users/me").await.is(200);
}

#[tokio::test]
async fn what_is_no_http_is_refused_without_harm() {
    let server = Server::start();
    for bytes in [
        &b"\x00\x01\x02\r\n\r\n"[..],
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /api/v1/products HTTP/1.1\r\nHost: x\r\nBad Header: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ] {
        let answer = talk(&server, &[bytes]);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    let long =
        format!("GET /api/v1/products HTTP/1.1\r\nHost: x\r\nX-Long: {}\r\n\r\n", "x".repeat(2_000_000));
    let answer = talk(&server, &[long.as_bytes()]);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{}", &answer[..answer.len().min(200)]);
    server.api().get("/products").await.is(200);
}

#[tokio::test]
async fn odd_paths_name_nothing() {
    let server = Server::start();
    let minji = server.customer().await;
    for id in [
        "x",
        "0",
        "%00",
        "%FF",
        "..%2f..",
        "01900000000070008000000000000001",
        "%7B01900000-0000-7000-8000-000000000001%7D",
        &"9".repeat(3_000),
    ] {
        for path in [
            format!("/orders/{id}"),
            format!("/payments/{id}"),
            format!("/products/{id}"),
            format!("/coupons/{id}"),
            format!("/users/{id}/points"),
            format!("/orders/{id}/payments"),
        ] {
            minji.get(&path).await.is_problem(404, "not-found");
        }
        minji
            .once(&format!("/users/{id}/points/charges"), &json!({ "amount": money(1_000) }))
            .await
            .is_problem(404, "not-found");
    }
    for path in [
        "//api/v1",
        "//api/v1/",
        "//api/v1/orders/",
        "//api//v1/orders",
        "//%00",
        "//%FF",
        "//api/v2/orders",
        "//.env",
    ] {
        minji.get(path).await.is_problem(404, "not-found");
    }
}

#[tokio::test]
async fn odd_queries_are_invalid() {
    let server = Server::start();
    let (admin, api) = (server.admin().await, server.api());
    for limit in ["0", "101", "-1", "1.5", "x", "", "99999999999999999999", "%31%30%30%30", "+5%20"] {
        api.get(&format!("/products?limit={limit}")).await.is_invalid(&["/limit"]);
    }
    api.get("/products?limit=1&limit=2").await.is_invalid(&["/limit"]);
    api.get("/products?page=2&offset=3").await.is_invalid(&["/page", "/offset"]);
    api.get("/products?status=GONE&sort=random").await.is_invalid(&["/status", "/sort"]);
    api.get("/products?q=%00").await.is_invalid(&["/q"]);
    api.get(&format!("/products?q={}", "x".repeat(201))).await.is_invalid(&["/q"]);
    api.get("/products?Limit=5").await.is_invalid(&["/Limit"]);
    // Bytes that are no UTF-8 are replaced and match nothing.
    assert_eq!(api.get("/products?q=%FF").await.is(200).items().len(), 0);
    api.get("/products?").await.is(200);
    admin.get("/admin/orders?userId=x&status=x").await.is_invalid(&["/userId", "/status"]);
    admin.get("/orders?userId=x").await.is_invalid(&["/userId"]);
    let body = json!({ "name": "x", "price": money(1), "stock": 1 });
    admin.post("/products?dry=1", &body).await.is_invalid(&["/dry"]);
}

#[tokio::test]
async fn odd_keys_are_refused() {
    let server = Server::start();
    let minji = server.customer().await;
    let path = "/users/me/points/charges";
    let body = json!({ "amount": money(1_000) });
    let charge = || minji.request(Method::POST, path).json(&body);
    minji.send(charge()).await.is_problem(400, "idempotency-key-required");
    for key in ["", " ", "a b", &"x".repeat(256), "é"] {
        minji.send(charge().header("Idempotency-Key", key)).await.is_problem(400, "idempotency-key-invalid");
    }
    let bytes = reqwest::header::HeaderValue::from_bytes(b"\xff\xfe").unwrap();
    minji.send(charge().header("Idempotency-Key", bytes)).await.is_problem(400, "idempotency-key-invalid");
    let twice = charge().header("Idempotency-Key", "a").header("Idempotency-Key", "a");
    minji.send(twice).await.is_problem(400, "idempotency-key-invalid");
    assert_eq!(minji.balance().await, 0);
    minji.send(charge().header("Idempotency-Key", "~".repeat(255))).await.is(201);
}

#[tokio::test]
async fn fields_of_every_wrong_type_never_break_a_route() {
    let server = Server::start();
    let (admin, minji) = (server.admin().await, server.customer().await);
    let mug = admin.product("Mug", 1_000, 1).await;
    let values = [
        json!(null),
        json!(true),
        json!(-1),
        json!(i64::MAX),
        json!(u64::MAX),
        json!(1.5),
        json!(""),
        json!("x".repeat(5_000)),
        json!("\u{0}"),
        json!("\u{202e}\u{1f4a9}"),
        json!([]),
        json!({}),
        json!([[[]]]),
        json!({ "amount": -1, "currency": "KRW" }),
        json!({ "amount": 1, "currency": "krw" }),
    ];
    let tag = "2999-01-01T00:00:00Z";
    let routes: Vec<(&Person, Method, String, Value)> = vec![
        (
            &minji,
            Method::POST,
            "/users".into(),
            json!({ "email": "", "password": "", "name": "", "phone": "" }),
        ),
        (&minji, Method::PATCH, "/users/me".into(), json!({ "name": "", "phone": "" })),
        (
            &minji,
            Method::POST,
            "/users/me/password".into(),
            json!({ "currentPassword": "x", "newPassword": "" }),
        ),
        (&minji, Method::POST, "/auth/login".into(), json!({ "email": "", "password": "" })),
        (&minji, Method::POST, "/auth/refresh".into(), json!({ "refreshToken": "" })),
        (&minji, Method::POST, "/auth/logout".into(), json!({ "refreshToken": "" })),
        (
            &admin,
            Method::POST,
            "/products".into(),
            json!({ "name": "x", "description": "", "price": money(1), "stock": 1, "status": "ON_SALE" }),
        ),
        (
            &admin,
            Method::PATCH,
            format!("/products/{mug}"),
            json!({ "name": "x", "description": "", "price": money(1), "status": "ON_SALE" }),
        ),
        (
            &admin,
            Method::POST,
            format!("/products/{mug}/stock-adjustments"),
            json!({ "delta": 1, "reason": "x" }),
        ),
        (&minji, Method::POST, "/users/me/points/charges".into(), json!({ "amount": money(1) })),
        (
            &admin,
            Method::POST,
            "/users/me/points/grants".into(),
            json!({ "amount": money(1), "expiresAt": tag, "reason": "x" }),
        ),
        (
            &minji,
            Method::POST,
            "/orders".into(),
            json!({ "items": [], "issuedCouponId": null, "expectedTotal": money(1) }),
        ),
        (&admin, Method::POST, "/coupons".into(), campaign()),
        (&minji, Method::POST, "/payments".into(), json!({ "orderId": mug, "tenders": [] })),
    ];
    for (who, method, path, whole) in routes {
        for field in whole.as_object().unwrap().keys() {
            for value in &values {
                let mut body = whole.clone();
                body[field] = value.clone();
                let key = format!("key-{}", next());
                let request = who.request(method.clone(), &path).header("Idempotency-Key", key).json(&body);
                let reply = who.send(request).await;
                assert!(reply.status < 500, "{method} {path} {field} {value}: {}", reply.text);
            }
        }
    }
}
