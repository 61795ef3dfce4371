//! An owner with one of everything, and another customer who wants it.

use std::sync::Mutex;

use serde_json::{Value, json};

use crate::support::{Person, Server, money};

/// Things of one owner, made for one row of the table, so that no row meets what another has left.
#[derive(Debug)]
pub(super) struct Things {
    pub(super) owner: Person,
    pub(super) other: Person,
    /// What the owner has ordered.
    pub(super) product: String,
    /// What anybody may order.
    pub(super) on_sale: String,
    /// What the owner has claimed from.
    pub(super) campaign: String,
    /// What anybody may claim from.
    pub(super) open: String,
    /// The owner's, and not used.
    pub(super) coupon: String,
    /// An order that waits for its payment.
    pub(super) unpaid: String,
    /// An order that is paid, of three units, one of which was refunded.
    pub(super) paid: String,
    pub(super) line: String,
    pub(super) payment: String,
    pub(super) refund: String,
    /// Refresh tokens of further log-ins of the owner.
    spare: Mutex<Vec<String>>,
}

impl Things {
    /// Makes them; the keeper is an administrator.
    pub(super) async fn new(server: &Server, keeper: &Person) -> Self {
        let (owner, other) = (server.customer().await, server.customer().await);
        let (product, on_sale) =
            (keeper.product("Mug", 10_000, 9).await, keeper.product("Pen", 500, 9).await);
        let campaign = keeper.campaign(9, json!({})).await;
        let open = keeper.campaign(9, json!({})).await;
        let coupon = owner.claim(&campaign).await.is(201).id().to_owned();
        owner.charge(100_000).await;
        let unpaid = owner.order(&[(&product, 1)]).await.is(201).id().to_owned();
        let order = owner.order(&[(&product, 3)]).await.is(201);
        let line = order.items()[0]["id"].as_str().unwrap().to_owned();
        let payment = owner.pay(order.id()).await.is(201).id().to_owned();
        let one = json!([{ "orderItemId": line, "quantity": 1 }]);
        let body = json!({ "paymentId": payment, "reason": "x", "items": one });
        let refund = owner.once("/refunds", &body).await.is(201).id().to_owned();
        let mut spare = Vec::new();
        for _ in 0..3 {
            spare.push(server.log_in(&owner.email).await.refresh_token);
        }
        Self {
            paid: order.id().to_owned(),
            spare: Mutex::new(spare),
            owner,
            other,
            product,
            on_sale,
            campaign,
            open,
            coupon,
            unpaid,
            line,
            payment,
            refund,
        }
    }

    /// A refresh token of the owner that was not given out before.
    pub(super) fn spare(&self) -> String {
        self.spare.lock().unwrap().pop().unwrap()
    }

    /// A refund of all that is left.
    pub(super) fn rest(&self) -> Value {
        json!({ "paymentId": self.payment, "reason": "x" })
    }

    /// A refund of a unit that does not go back into the stock, which is the shop's to decide.
    pub(super) fn lost_unit(&self) -> Value {
        let one = json!([{ "orderItemId": self.line, "quantity": 1, "restock": false }]);
        json!({ "paymentId": self.payment, "reason": "x", "items": one })
    }

    /// An order of what anybody may order.
    pub(super) fn purchase(&self) -> Value {
        json!({ "items": [{ "productId": self.on_sale, "quantity": 3 }] })
    }

    /// The same with the owner's coupon.
    pub(super) fn purchase_with_coupon(&self) -> Value {
        let mut order = self.purchase();
        order["issuedCouponId"] = json!(self.coupon);
        order
    }

    /// All that the owner has, and what the shop keeps of what they have ordered and claimed.
    pub(super) async fn state(&self) -> Vec<Value> {
        let mut state = Vec::new();
        for path in [
            "/users/me",
            "/users/me/points",
            "/users/me/points/history",
            "/users/me/coupons",
            "/orders",
            &format!("/orders/{}/payments", self.paid),
            &format!("/payments/{}/refunds", self.payment),
            &format!("/products/{}", self.product),
            &format!("/coupons/{}", self.campaign),
        ] {
            state.push(self.owner.get(path).await.is(200).body);
        }
        state
    }

    /// What in a text is the owner's and nobody else's business.
    pub(super) fn told_in<'a>(&'a self, text: &str) -> Option<&'a str> {
        let secrets = [
            &self.owner.id,
            &self.owner.email,
            &self.coupon,
            &self.unpaid,
            &self.paid,
            &self.line,
            &self.payment,
            &self.refund,
        ];
        secrets.into_iter().find(|secret| text.contains(secret.as_str())).map(String::as_str)
    }

    /// Charges what any account may take.
    pub(super) fn charge() -> Value {
        json!({ "amount": money(1_000) })
    }
}
