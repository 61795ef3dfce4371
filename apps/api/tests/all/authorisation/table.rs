//! Who gets what: a row or more for every operation.

use reqwest::Method;
use serde_json::{Value, json};

use self::Gets::{In, Refused};
use super::things::Things;
use crate::support::{Api, PASSWORD, Reply, money, next};

/// What somebody gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gets {
    /// In: this is the handler's own answer.
    In(u16),
    /// A problem of this status and code.
    Refused(u16, &'static str),
}

pub(super) const LOG_IN: Gets = Refused(401, "unauthenticated");
pub(super) const FORBIDDEN: Gets = Refused(403, "forbidden");
/// Somebody else's is not there.
const HIDDEN: Gets = Refused(404, "not-found");
const UNUSABLE: Gets = Refused(409, "coupon-not-usable");
const WRONG_PASSWORD: Gets = Refused(401, "invalid-credentials");

/// What nobody, another customer, the owner and an administrator get.
type Four = [Gets; 4];

const fn anyone(status: u16) -> Four {
    [In(status); 4]
}

/// Each gets what is their own.
const fn each(status: u16) -> Four {
    [LOG_IN, In(status), In(status), In(status)]
}

const fn owner(status: u16) -> Four {
    [LOG_IN, HIDDEN, In(status), HIDDEN]
}

const fn owner_and_admin(status: u16) -> Four {
    [LOG_IN, HIDDEN, In(status), In(status)]
}

const fn admin(status: u16) -> Four {
    [LOG_IN, FORBIDDEN, FORBIDDEN, In(status)]
}

/// What a request names in its path, and its body.
type Ask = (String, Option<Value>);

/// A request and who gets what for it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    method: &'static str,
    path: &'static str,
    pub(super) gets: Four,
    ask: fn(&Things) -> Ask,
}

impl Row {
    /// The operation, as the document names it.
    pub(super) fn operation(&self) -> (String, String) {
        (self.method.to_owned(), self.path.to_owned())
    }

    /// Whether nothing is changed by whoever gets in.
    pub(super) fn only_reads(&self) -> bool {
        self.method == "GET"
    }

    /// Whether whoever gets in is no longer there afterwards.
    pub(super) fn ends_its_caller(&self) -> bool {
        self.method == "DELETE"
    }

    /// Asks, about these things.
    pub(super) async fn ask(&self, api: &Api, things: &Things) -> Reply {
        let (named, body) = (self.ask)(things);
        let path = match (self.path.find('{'), self.path.find('}')) {
            (Some(from), Some(to)) => format!("{}{named}{}", &self.path[..from], &self.path[to + 1..]),
            _ => self.path.to_owned(),
        };
        let request = |method| api.request(method, &format!("/{path}"));
        let method: Method = self.method.parse().unwrap();
        let mut sent = request(method);
        if self.method == "POST" {
            sent = sent.header("Idempotency-Key", format!("key-{}", next()));
        }
        if let Some(body) = &body {
            sent = sent.json(body);
        }
        let reply = api.send(sent).await;
        if self.only_reads() {
            // The document does not list them, but a HEAD is a GET and must be no way around it.
            let head = api.send(request(Method::HEAD)).await;
            assert_eq!(head.status, reply.status, "{}", head.request);
        }
        reply
    }
}

const fn row(method: &'static str, path: &'static str, gets: Four, ask: fn(&Things) -> Ask) -> Row {
    Row { method, path, gets, ask }
}

const fn get(path: &'static str, gets: Four, ask: fn(&Things) -> Ask) -> Row {
    row("GET", path, gets, ask)
}

const fn post(path: &'static str, gets: Four, ask: fn(&Things) -> Ask) -> Row {
    row("POST", path, gets, ask)
}

/// A request that brings nothing along.
fn bare(_: &Things) -> Ask {
    (String::new(), None)
}

/// A request that names this.
fn of(named: &str) -> Ask {
    (named.to_owned(), None)
}

/// A request with this body.
fn with(body: Value) -> Ask {
    (String::new(), Some(body))
}

/// A request that names this, with this body.
fn of_with(named: &str, body: Value) -> Ask {
    (named.to_owned(), Some(body))
}

/// What is served besides the operations of the document.
pub(super) const BESIDES: &[Row] = &[
    get("/openapi.json", anyone(200), bare),
    get("/docs", anyone(308), bare),
    get("/docs/", anyone(200), bare),
    get("/docs/{file}", anyone(200), |_| of("swagger-ui.css")),
];

/// The operations of the document.
pub(super) const ROWS: &[Row] = &[
    get("/livez", anyone(200), bare),
    get("/readyz", anyone(200), bare),
    get("/metrics", anyone(200), bare),
    get("/problems/{code}", anyone(200), |_| of("out-of-stock")),
    // Accounts.
    post("/api/v1/users", anyone(201), |_| {
        let email = format!("walker-{}@example.com", next());
        with(json!({ "email": email, "password": PASSWORD, "name": "x" }))
    }),
    get("/api/v1/users/me", each(200), bare),
    row("PATCH", "/api/v1/users/me", each(200), |_| with(json!({ "name": "Walker" }))),
    row("DELETE", "/api/v1/users/me", each(204), bare),
    post("/api/v1/users/me/password", each(204), |_| {
        with(json!({ "currentPassword": PASSWORD, "newPassword": "another password" }))
    }),
    // Log-ins: whoever knows the password or has the token gets in, and nobody else.
    post("/api/v1/auth/login", anyone(200), |things| {
        with(json!({ "email": things.owner.email, "password": PASSWORD }))
    }),
    post("/api/v1/auth/login", [WRONG_PASSWORD; 4], |things| {
        with(json!({ "email": things.owner.email, "password": "wrong horse battery" }))
    }),
    post("/api/v1/auth/refresh", anyone(200), |things| with(json!({ "refreshToken": things.spare() }))),
    post("/api/v1/auth/refresh", [LOG_IN; 4], |_| with(json!({ "refreshToken": "nobody's" }))),
    post("/api/v1/auth/logout", anyone(204), |things| with(json!({ "refreshToken": things.spare() }))),
    post("/api/v1/auth/logout", anyone(204), |_| with(json!({ "refreshToken": "nobody's" }))),
    // The catalogue.
    get("/api/v1/products", anyone(200), bare),
    get("/api/v1/products/popular", anyone(200), bare),
    get("/api/v1/products/{id}", anyone(200), |things| of(&things.product)),
    post("/api/v1/products", admin(201), |_| with(json!({ "name": "Lamp", "price": money(1), "stock": 1 }))),
    row("PATCH", "/api/v1/products/{id}", admin(200), |things| {
        of_with(&things.product, json!({ "price": money(1) }))
    }),
    post("/api/v1/products/{id}/stock-adjustments", admin(201), |things| {
        of_with(&things.product, json!({ "delta": 1, "reason": "found" }))
    }),
    // Points.
    get("/api/v1/users/{userId}/points", owner_and_admin(200), |things| of(&things.owner.id)),
    get("/api/v1/users/{userId}/points", each(200), |_| of("me")),
    get("/api/v1/users/{userId}/points/history", owner_and_admin(200), |things| of(&things.owner.id)),
    get("/api/v1/users/{userId}/points/history", each(200), |_| of("me")),
    post("/api/v1/users/{userId}/points/charges", owner_and_admin(201), |things| {
        of_with(&things.owner.id, Things::charge())
    }),
    post("/api/v1/users/{userId}/points/charges", each(201), |_| of_with("me", Things::charge())),
    post("/api/v1/users/{userId}/points/grants", admin(201), |things| of_with(&things.owner.id, grant())),
    post("/api/v1/users/{userId}/points/grants", admin(201), |_| of_with("me", grant())),
    // Coupons.
    get("/api/v1/coupons", anyone(200), bare),
    get("/api/v1/coupons/{id}", anyone(200), |things| of(&things.campaign)),
    get("/api/v1/users/me/coupons", each(200), bare),
    post("/api/v1/coupons", admin(201), |_| with(campaign())),
    post("/api/v1/coupons/{id}/claims", each(201), |things| of(&things.open)),
    // Orders. Administrators see everybody's, and still buy for themselves only.
    get("/api/v1/orders", each(200), bare),
    get("/api/v1/orders/{id}", owner_and_admin(200), |things| of(&things.paid)),
    get("/api/v1/orders/{id}/payments", owner_and_admin(200), |things| of(&things.paid)),
    post("/api/v1/orders", each(201), |things| with(things.purchase())),
    post("/api/v1/orders", [LOG_IN, UNUSABLE, In(201), UNUSABLE], |things| {
        with(things.purchase_with_coupon())
    }),
    post("/api/v1/orders/{id}/cancel", owner(200), |things| of(&things.unpaid)),
    // Payments.
    get("/api/v1/payments/{id}", owner_and_admin(200), |things| of(&things.payment)),
    get("/api/v1/payments/{id}/refunds", owner_and_admin(200), |things| of(&things.payment)),
    post("/api/v1/payments", owner(201), |things| with(json!({ "orderId": things.unpaid }))),
    post("/api/v1/payments/{id}/cancel", owner_and_admin(200), |things| of(&things.payment)),
    // Refunds. What does not go back into the stock is for administrators to say.
    get("/api/v1/refunds/{id}", owner_and_admin(200), |things| of(&things.refund)),
    post("/api/v1/refunds", owner_and_admin(201), |things| with(things.rest())),
    post("/api/v1/refunds", admin(201), |things| with(things.lost_unit())),
    post("/api/v1/refunds/preview", owner_and_admin(200), |things| with(things.rest())),
    post("/api/v1/refunds/preview", admin(200), |things| with(things.lost_unit())),
    // Administration.
    get("/api/v1/admin/audit", admin(200), bare),
    get("/api/v1/admin/orders", admin(200), bare),
    get("/api/v1/admin/users", admin(200), bare),
];

fn grant() -> Value {
    json!({ "amount": money(1_000), "expiresAt": "2999-01-01T00:00:00Z", "reason": "x" })
}

fn campaign() -> Value {
    json!({
        "name": "Welcome",
        "discount": { "type": "FIXED", "amount": money(1_000) },
        "scope": { "type": "ALL" },
        "totalQuantity": 1,
    })
}
