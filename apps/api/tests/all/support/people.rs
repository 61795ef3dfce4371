//! People, and what they do all day.

use std::ops::Deref;

use serde_json::{Value, json};

use super::{Api, Reply, Server, next};

/// Everybody's password.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// Somebody who is logged in.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) refresh_token: String,
    pub(crate) access_token: String,
    api: Api,
}

impl Deref for Person {
    type Target = Api;

    fn deref(&self) -> &Api {
        &self.api
    }
}

/// An amount in won.
pub(crate) fn money(amount: i64) -> Value {
    json!({ "amount": amount, "currency": "KRW" })
}

impl Api {
    /// A new customer.
    pub(crate) async fn sign_up(&self) -> Person {
        let email = format!("customer-{}@example.com", next());
        let body = json!({ "email": email, "password": PASSWORD, "name": "김민지" });
        let user = self.post("/users", &body).await.is(201);
        self.session(&email, Some(user.id())).await
    }

    /// Somebody who has an account.
    async fn log_in(&self, email: &str) -> Person {
        self.session(email, None).await
    }

    /// Logs somebody in; asks for their id unless it is known.
    async fn session(&self, email: &str, id: Option<&str>) -> Person {
        let tokens = self.post("/auth/login", &json!({ "email": email, "password": PASSWORD })).await.is(200);
        let text = |field: &str| tokens.body[field].as_str().expect("a token").to_owned();
        let api = self.with_token(&text("accessToken"));
        let id = match id {
            Some(id) => id.to_owned(),
            None => api.get("/users/me").await.is(200).id().to_owned(),
        };
        Person {
            id,
            email: email.to_owned(),
            refresh_token: text("refreshToken"),
            access_token: text("accessToken"),
            api,
        }
    }
}

impl Server {
    /// A new customer.
    pub(crate) async fn customer(&self) -> Person {
        self.api().sign_up().await
    }

    /// A new administrator.
    pub(crate) async fn admin(&self) -> Person {
        let email = format!("admin-{}@example.com", next());
        let made =
            self.run(&["admin", "create", "--email", &email, "--name", "Admin"], &format!("{PASSWORD}\n"));
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        self.log_in(&email).await
    }

    /// Somebody who has an account.
    pub(crate) async fn log_in(&self, email: &str) -> Person {
        self.api().log_in(email).await
    }
}

impl Person {
    /// The same person at another server of the same shop.
    pub(crate) fn at(&self, server: &Server) -> Self {
        Self { api: self.api.at(&server.url()), ..self.clone() }
    }

    /// A new product, by an administrator; gives its id.
    pub(crate) async fn product(&self, name: &str, price: i64, stock: u32) -> String {
        let body = json!({ "name": name, "price": money(price), "stock": stock });
        self.post("/products", &body).await.is(201).id().to_owned()
    }

    /// Charges points to one's own account.
    pub(crate) async fn charge(&self, amount: i64) -> Reply {
        self.once("/users/me/points/charges", &json!({ "amount": money(amount) })).await.is(201)
    }

    /// Orders; the answer may be anything.
    pub(crate) async fn order(&self, items: &[(&str, u32)]) -> Reply {
        let items: Vec<Value> = items
            .iter()
            .map(|(product, quantity)| json!({ "productId": product, "quantity": quantity }))
            .collect();
        self.once("/orders", &json!({ "items": items })).await
    }

    /// Orders with a coupon; the answer may be anything.
    pub(crate) async fn order_with(&self, product: &str, quantity: u32, coupon: &str) -> Reply {
        let items = json!([{ "productId": product, "quantity": quantity }]);
        self.once("/orders", &json!({ "items": items, "issuedCouponId": coupon })).await
    }

    /// A new campaign of coupons of 1,000 won for every order, with these fields besides; gives its id.
    pub(crate) async fn campaign(&self, total: u32, fields: Value) -> String {
        let mut body = json!({
            "name": "Welcome",
            "discount": { "type": "FIXED", "amount": money(1_000) },
            "scope": { "type": "ALL" },
            "totalQuantity": total,
        });
        for (name, value) in fields.as_object().expect("an object") {
            body[name] = value.clone();
        }
        self.post("/coupons", &body).await.is(201).id().to_owned()
    }

    /// Claims a coupon; the answer may be anything.
    pub(crate) async fn claim(&self, campaign: &str) -> Reply {
        self.keyed_bare(&format!("/coupons/{campaign}/claims"), &format!("key-{}", next())).await
    }

    /// The statuses of one's own coupons, newest first.
    pub(crate) async fn coupon_statuses(&self) -> Vec<String> {
        let list = self.get("/users/me/coupons").await.is(200);
        let status = |coupon: &Value| coupon["status"].as_str().expect("a status").to_owned();
        list.items().iter().map(status).collect()
    }

    /// Pays an order with points; the answer may be anything.
    pub(crate) async fn pay(&self, order: &str) -> Reply {
        self.once("/payments", &json!({ "orderId": order })).await
    }

    /// What is left of a product.
    pub(crate) async fn stock(&self, product: &str) -> i64 {
        self.get(&format!("/products/{product}")).await.is(200).body["stock"].as_i64().expect("a stock")
    }

    /// The points of one's own account.
    pub(crate) async fn balance(&self) -> i64 {
        self.get("/users/me/points").await.is(200).body["balance"]["amount"].as_i64().expect("a balance")
    }
}
