//! Somebody who shops until the server is gone, and then looks what has become of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use jangteo_storage_conformance::SeededEntropy;
use tokio::sync::mpsc;

use super::operations::OPERATIONS;
use super::request::Request;
use super::text;
use crate::support::{Person, Reply, Server};

/// What everybody shares.
pub(super) struct Goods {
    pub(super) campaign: String,
    pub(super) products: [String; 2],
}

/// A payment, and the lines that it paid for.
pub(super) struct Paid {
    pub(super) payment: String,
    pub(super) lines: Vec<String>,
}

pub(super) struct Shopper {
    pub(super) customer: Person,
    admin: Person,
    pub(super) goods: Arc<Goods>,
    /// A product that nobody else edits, adjusts or buys.
    pub(super) special: String,
    entropy: SeededEntropy,
    /// All orders that were ever placed, with their lines.
    pub(super) orders: BTreeMap<String, Vec<String>>,
    /// Those that nobody has paid or cancelled.
    pub(super) unpaid: Vec<String>,
    /// Coupons that nobody has used.
    pub(super) coupons: Vec<String>,
    /// How many coupons were claimed.
    pub(super) claimed: usize,
    /// Whatever was given back of them.
    pub(super) payments: Vec<Paid>,
    /// How many refunds there were, with those of cancelled payments.
    pub(super) refunds: usize,
    /// How many charges and grants were answered with 201.
    pub(super) credits: usize,
    /// By how much the stock of the special product was adjusted.
    pub(super) adjusted: i64,
    /// What the special product costs since its last edit.
    price: Option<i64>,
    answered: Vec<(Request, Reply)>,
    unanswered: Option<Request>,
}

impl Shopper {
    pub(super) fn new(
        customer: Person,
        admin: Person,
        goods: Arc<Goods>,
        special: String,
        entropy: SeededEntropy,
    ) -> Self {
        Self {
            customer,
            admin,
            goods,
            special,
            entropy,
            orders: BTreeMap::new(),
            unpaid: Vec::new(),
            coupons: Vec::new(),
            claimed: 0,
            payments: Vec::new(),
            refunds: 0,
            credits: 0,
            adjusted: 0,
            price: None,
            answered: Vec::new(),
            unanswered: None,
        }
    }

    /// The same shopper at another server of the shop.
    pub(super) fn at(self, server: &Server) -> Self {
        Self { customer: self.customer.at(server), admin: self.admin.at(server), ..self }
    }

    pub(super) fn below(&self, bound: u32) -> u32 {
        u32::try_from(self.entropy.number() % u64::from(bound)).expect("it is below 32 bits")
    }

    /// One of the latest, so that units are left of it now and then.
    pub(super) fn any_paid(&self) -> Option<&Paid> {
        let mut latest = self.payments.iter().rev().take(4);
        let nth =
            u32::try_from(latest.len()).ok().filter(|count| *count > 0).map(|count| self.below(count))?;
        latest.nth(nth as usize)
    }

    /// Shops until an answer does not come.
    pub(super) async fn shop(mut self, answers: mpsc::UnboundedSender<()>) -> Self {
        loop {
            let request = self.next_request();
            let Some(reply) = self.send(&request).await else {
                self.unanswered = Some(request);
                return self;
            };
            self.note(&request, &reply);
            self.answered.push((request, reply));
            let _ = answers.send(());
        }
    }

    fn next_request(&mut self) -> Request {
        loop {
            let operation = self.entropy.number() % OPERATIONS.len() as u64;
            let made = usize::try_from(operation).ok().and_then(|n| OPERATIONS[n](self));
            if let Some(request) = made {
                return request;
            }
        }
    }

    async fn send(&self, request: &Request) -> Option<Reply> {
        let sender = request.sender(&self.customer, &self.admin);
        sender.try_send(request.build(sender)).await
    }

    /// Remembers what a request has brought.
    fn note(&mut self, request: &Request, reply: &Reply) {
        let (path, status) = (request.path.as_str(), reply.status);
        // A grant that is sent again may come too late.
        let late = status == 422 && path.ends_with("/grants") && reply.text.contains("/expiresAt");
        assert!(late || matches!(status, 200 | 201 | 409), "{path}: {status} {}", reply.text);
        if path.starts_with("/products/") && status == 200 {
            self.price = request.amount("/price/amount");
        }
        if path.starts_with("/payments/") && status == 200 {
            self.refunds += 1;
        }
        if status != 201 {
            return;
        }
        match path {
            "/orders" => {
                self.unpaid.push(reply.id().to_owned());
                let lines = reply.items().iter().map(|line| text(&line["id"])).collect();
                self.orders.insert(reply.id().to_owned(), lines);
            }
            "/payments" => {
                let lines = self.orders[&text(&reply.body["orderId"])].clone();
                self.payments.push(Paid { payment: reply.id().to_owned(), lines });
            }
            "/refunds" => self.refunds += 1,
            _ if path.ends_with("/claims") => {
                self.claimed += 1;
                self.coupons.push(reply.id().to_owned());
            }
            _ if path.ends_with("/charges") || path.ends_with("/grants") => self.credits += 1,
            _ if path.ends_with("/stock-adjustments") => {
                self.adjusted += request.amount("/delta").expect("a delta");
            }
            _ => {}
        }
    }

    /// What was answered is there. What was not is sent again, and has then happened once. Gives how many were answered,
    /// and how many were not.
    pub(super) async fn check(&mut self) -> (usize, usize) {
        let answered = std::mem::take(&mut self.answered);
        for (request, first) in &answered {
            self.is_there(request, first).await;
        }
        let unanswered = self.unanswered.take();
        if let Some(request) = &unanswered {
            let reply = self.send(request).await.expect("the server is there again");
            self.note(request, &reply);
            self.is_there(request, &reply).await;
        }
        if let Some(price) = self.price {
            let shown = self.customer.get(&format!("/products/{}", self.special)).await.is(200);
            assert_eq!(shown.body["price"]["amount"], price, "the last edit");
        }
        (answered.len(), usize::from(unanswered.is_some()))
    }

    /// The effect is there, and the request sent again gets the first answer, to the byte.
    async fn is_there(&self, request: &Request, first: &Reply) {
        let sender = request.sender(&self.customer, &self.admin);
        if request.has_key() && matches!(first.status, 200 | 201) {
            let again = self.send(request).await.expect("the server is there again");
            let same = (first.status, &first.text);
            assert_eq!((again.status, &again.text), same, "acknowledged: {request:?}");
            assert_eq!(again.header("idempotency-replayed"), Some("true"));
            assert_eq!(again.header("location"), first.header("location"));
        }
        // Of what is only in a list the number is compared in the end.
        if let Some(location) = first.header("location").filter(|location| location.ends_with(first.id())) {
            assert_eq!(sender.get(&format!("/{location}")).await.is(200).id(), first.id());
        }
        if first.status == 200 && request.path.ends_with("/cancel") {
            let (context, ended) = if request.path.starts_with("/orders/") {
                ("orders", &["CANCELLED"][..])
            } else {
                ("payments", &["CANCELLED", "REFUNDED"][..])
            };
            let cancelled = sender.get(&format!("/{context}/{}", first.id())).await.is(200);
            assert!(ended.iter().any(|status| cancelled.body["status"] == *status), "{}", cancelled.text);
        }
    }
}
