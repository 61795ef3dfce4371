//! What every operation of the document makes of bodies that no client should send. Which operations there are, and which
//! of them read a body, is asked of the document, so that a new one is tested, too.

use reqwest::{Method, RequestBuilder};
use serde_json::json;

use crate::support::{Person, Server, Wire, money, next};

/// An operation that changes something.
struct Operation {
    method: Method,
    /// As the document names it.
    template: String,
    path: String,
    reads_a_body: bool,
}

impl Operation {
    /// A request about things that are not there, as far as a path names any.
    fn by(&self, person: &Person) -> RequestBuilder {
        let request = person.request(self.method.clone(), &self.path);
        request.header("Idempotency-Key", format!("key-{}", next()))
    }

    fn json_by(&self, person: &Person) -> RequestBuilder {
        self.by(person).header("Content-Type", "application/json")
    }
}

async fn operations(person: &Person) -> Vec<Operation> {
    let document = person.get("//openapi.json").await.is(200).body;
    let mut operations = Vec::new();
    for (template, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let method: Method = method.to_uppercase().parse().unwrap();
            if method != Method::GET {
                let named = template.replace("{id}", "01900000-0000-7000-8000-000000000001");
                let path = format!("/{}", named.replace("{userId}", "me"));
                let reads_a_body = operation.get("requestBody").is_some();
                operations.push(Operation { method, template: template.clone(), path, reads_a_body });
            }
        }
    }
    operations
}

/// Operations with a body are more than those without.
fn with_a_body(operations: &[Operation]) -> impl Iterator<Item = &Operation> {
    assert!(operations.iter().filter(|operation| operation.reads_a_body).count() >= 15);
    operations.iter().filter(|operation| operation.reads_a_body)
}

#[tokio::test]
async fn json_within_json_within_json_is_refused_everywhere() {
    let server = Server::start();
    let admin = server.admin().await;
    let deep = [
        "[".repeat(64 * 1024),
        "{\"a\":".repeat(13_000),
        format!("{}{}", "[".repeat(32 * 1024), "]".repeat(32 * 1024)),
        format!("{{\"items\":{}1{}}}", "{\"a\":".repeat(200), "}".repeat(200)),
    ];
    for operation in with_a_body(&operations(&admin).await) {
        for body in &deep {
            let sent = operation.json_by(&admin).body(body.clone());
            admin.send(sent).await.is_problem(400, "malformed-request");
        }
    }
}

#[tokio::test]
async fn a_body_of_another_kind_is_refused_everywhere() {
    let server = Server::start();
    let admin = server.admin().await;
    let form = "--x\r\nContent-Disposition: form-data; name=\"a\"; filename=\"a\"\r\n\r\n{}\r\n--x--\r\n";
    for operation in with_a_body(&operations(&admin).await) {
        for kind in
            ["multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "application/xml", ""]
        {
            let sent = operation.by(&admin).header("Content-Type", kind).body(form);
            admin.send(sent).await.is_problem(415, "unsupported-media-type");
        }
        for encoding in ["gzip", "deflate", "br", "zstd", "identity, gzip", "x"] {
            let sent = operation.json_by(&admin).header("Content-Encoding", encoding).body("{}");
            admin.send(sent).await.is_problem(415, "unsupported-media-type");
        }
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_everywhere() {
    let server = Server::start();
    let admin = server.admin().await;
    for operation in operations(&admin).await {
        let sent = operation.json_by(&admin).body(vec![b' '; 64 * 1024 + 1]);
        admin.send(sent).await.is_problem(413, "body-too-large");
    }
}

/// Also where a body is not needed, it has to be read for the next request on its connection to be found.
#[tokio::test]
async fn a_body_that_breaks_off_is_told_as_the_document_says() {
    let server = Server::start();
    let admin = server.admin().await;
    let document = admin.get("//openapi.json").await.is(200).body;
    for operation in operations(&admin).await {
        let Operation { method, path, .. } = &operation;
        let head = format!(
            "{method} {} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nIdempotency-Key: k\r\n\
             Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nno size\r\n",
            &path[1..],
            admin.access_token
        );
        let mut wire = Wire::open(server.address()).await;
        wire.say(&head).await;
        // The connection ends with it, perhaps before its answer is written.
        let told = wire.rest().await;
        let malformed = told.starts_with("HTTP/1.1 400") && told.contains("malformed-request");
        assert!(told.is_empty() || malformed, "{method} {path}: {told}");
        let responses = &document["paths"][&operation.template][method.as_str().to_lowercase()]["responses"];
        assert!(responses["400"].to_string().contains("malformed-request"), "{method} {path}: {responses}");
    }
}

/// What the document calls an object is one: neither a list of its fields nor an object in the place of a word.
#[tokio::test]
async fn a_list_is_no_object_and_an_object_no_word() {
    let server = Server::start();
    let (admin, minji) = (server.admin().await, server.customer().await);
    let mug = admin.product("Mug", 1_000, 1).await;
    let item = json!({ "productId": mug, "quantity": 1 });
    let won = json!([1_000, "KRW"]);
    for (person, path, body, pointer) in [
        (&minji, "/auth/login", json!(["minji@example.com", "correct horse battery"]), ""),
        (&minji, "/auth/logout", json!(["x"]), ""),
        (&minji, "/users/me/points/charges", json!([money(1_000)]), ""),
        (&minji, "/users/me/points/charges", json!({ "amount": won }), "/amount"),
        (&minji, "/orders", json!([[item], null, null]), ""),
        (&minji, "/orders", json!({ "items": [[mug, 1]] }), "/items/0"),
        (&minji, "/orders", json!({ "items": [item], "expectedTotal": won }), "/expectedTotal"),
        (
            &minji,
            "/payments",
            json!({ "orderId": mug, "tenders": [["POINT", money(1), null]] }),
            "/tenders/0",
        ),
        (
            &minji,
            "/payments",
            json!({ "orderId": mug, "tenders": [{ "method": { "POINT": null }, "amount": money(1) }] }),
            "/tenders/0/method",
        ),
        (
            &admin,
            "/products",
            json!({ "name": "x", "price": money(1), "stock": 1, "status": { "ON_SALE": null } }),
            "/status",
        ),
        (&admin, "/products", json!({ "name": "x", "price": won, "stock": 1 }), "/price"),
    ] {
        let refused = person.once(path, &body).await.is_invalid(&[pointer]);
        let text = refused.text.to_lowercase();
        assert!(!text.contains("struct") && !text.contains("enum") && !text.contains("variant"), "{text}");
    }
}
