//! Reading: what everybody sees, and what only its owner does.

use std::rc::Rc;

use anyhow::{Result, ensure};
use uuid::Uuid;

use crate::http::Answer;
use crate::load::{Progress, Visitor};
use crate::random::Random;
use crate::shop::{Buyer, World};

/// What is asked for, and how the answer MUST begin.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) request: Vec<u8>,
    begins: Vec<u8>,
}

impl Question {
    /// Some products, one by one.
    pub(crate) fn products(world: &World, count: usize) -> Vec<Self> {
        let ask = |id: String| Self {
            request: get(&format!("/api/v1/products/{id}")),
            begins: format!(r#"{{"id":"{id}","#).into_bytes(),
        };
        world.wares.iter().take(count).map(|ware| ask(ware.id.to_string())).collect()
    }

    /// The first page of the catalogue.
    pub(crate) fn catalogue() -> Self {
        Self { request: get("/api/v1/products?limit=20"), begins: SOME_ITEMS.to_vec() }
    }

    /// What sells best today.
    pub(crate) fn popular() -> Self {
        Self { request: get("/api/v1/products/popular"), begins: br#"{"window":"today","#.to_vec() }
    }

    /// The first page of the orders of each person, who MUST have some.
    pub(crate) fn own_orders(world: &World) -> Vec<Self> {
        let ask = |buyer: &Buyer| Self {
            request: get_as(&buyer.token, "/api/v1/orders?limit=20"),
            begins: SOME_ITEMS.to_vec(),
        };
        world.buyers.iter().map(ask).collect()
    }

    /// An order, by its owner.
    pub(crate) fn own_order(owner: &Buyer, id: Uuid) -> Self {
        Self {
            request: get_as(&owner.token, &format!("/api/v1/orders/{id}")),
            begins: format!(r#"{{"id":"{id}","#).into_bytes(),
        }
    }

    /// Whether this is an answer to it.
    pub(super) fn is_answered_by(&self, answer: Answer<'_>) -> bool {
        answer.status == 200 && answer.body.starts_with(&self.begins)
    }
}

/// How a list begins that is not empty.
const SOME_ITEMS: &[u8] = br#"{"items":[{"id":""#;

pub(crate) fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: shop\r\n\r\n").into_bytes()
}

fn get_as(token: &str, path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: shop\r\nAuthorization: Bearer {token}\r\n\r\n").into_bytes()
}

/// Asks one of these questions after the other, by chance.
#[derive(Debug)]
pub(crate) struct Reading {
    questions: Rc<Vec<Question>>,
    random: Random,
    asked: usize,
    /// A bare handler answers everything with the same bytes.
    checks: bool,
}

impl Reading {
    pub(crate) fn new(questions: Rc<Vec<Question>>, random: Random, checks: bool) -> Self {
        Self { questions, random, asked: 0, checks }
    }
}

impl Visitor for Reading {
    fn ask(&mut self, request: &mut Vec<u8>) -> bool {
        self.asked = self.random.below(self.questions.len());
        request.extend_from_slice(&self.questions[self.asked].request);
        true
    }

    fn hear(&mut self, answer: Answer<'_>) -> Result<Progress> {
        ensure!(
            answer.status == 200 && (!self.checks || self.questions[self.asked].is_answered_by(answer)),
            "a read was answered {}: {}",
            answer.status,
            String::from_utf8_lossy(answer.body)
        );
        Ok(Progress::Done)
    }

    fn forget(&mut self) {}
}
