//! Looking around while others order: everything that people look at, at their leisure.

use std::rc::Rc;
use std::time::Duration;

use anyhow::{Result, ensure};

use super::orders::OrderBook;
use super::reads::Question;
use crate::http::Answer;
use crate::load::{Progress, Visitor};
use crate::random::Random;
use crate::shop::{Buyer, World};

/// How long somebody looks at an answer, on average.
const REST: Duration = Duration::from_millis(100);

/// How many products people look at.
const PRODUCTS: usize = 1_000;

/// What people that look around have in common.
#[derive(Debug)]
pub(crate) struct BrowseBook {
    /// Questions of a kind, kind by kind. There is one kind more: the newest order, by its owner.
    kinds: [Vec<Question>; 4],
    buyers: Vec<Buyer>,
    orders: Rc<OrderBook>,
}

impl BrowseBook {
    /// The people MUST have ordered before.
    pub(crate) fn new(world: &World, orders: Rc<OrderBook>) -> Self {
        let kinds = [
            Question::products(world, PRODUCTS),
            vec![Question::catalogue()],
            vec![Question::popular()],
            Question::own_orders(world),
        ];
        Self { kinds, buyers: world.buyers.clone(), orders }
    }
}

/// Asks one question after the other, of each kind as often.
#[derive(Debug)]
pub(crate) struct Browsing {
    book: Rc<BrowseBook>,
    random: Random,
    /// The kind, and the number of the question.
    asked: (usize, usize),
    /// A question about the newest order.
    own: Option<Question>,
}

impl Browsing {
    pub(crate) fn new(book: Rc<BrowseBook>, random: Random) -> Self {
        Self { book, random, asked: (0, 0), own: None }
    }

    fn question(&self) -> &Question {
        self.own.as_ref().unwrap_or_else(|| &self.book.kinds[self.asked.0][self.asked.1])
    }
}

impl Visitor for Browsing {
    fn ask(&mut self, request: &mut Vec<u8>) -> bool {
        let kinds = self.book.kinds.len();
        let kind = self.random.below(kinds + 1);
        let newest = self.book.orders.newest.get().filter(|_| kind == kinds);
        self.own = newest.map(|(buyer, id)| Question::own_order(&self.book.buyers[buyer], id));
        // Before the first order there is none to look at.
        let kind = kind % kinds;
        self.asked = (kind, self.random.below(self.book.kinds[kind].len()));
        request.extend_from_slice(&self.question().request);
        true
    }

    fn hear(&mut self, answer: Answer<'_>) -> Result<Progress> {
        if matches!(answer.status, 408 | 503) {
            return Ok(Progress::Refused);
        }
        ensure!(
            self.question().is_answered_by(answer),
            "somebody who looked around was answered {}: {}",
            answer.status,
            String::from_utf8_lossy(answer.body)
        );
        Ok(Progress::Done)
    }

    fn forget(&mut self) {}

    fn rest(&mut self) -> Duration {
        // Half as long to half as long again, so that people do not march in step.
        REST / 2 + REST * u32::try_from(self.random.below(1_000)).unwrap_or(0) / 1_000
    }
}
