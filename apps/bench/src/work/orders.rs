//! Placing orders.

use std::cell::{Cell, RefCell};
use std::io::Write as _;
use std::rc::Rc;

use anyhow::{Context as _, Result, ensure};
use jangteo_security::SystemClock;
use jangteo_shared_kernel::Clock as _;
use memchr::memmem;
use uuid::Uuid;

use crate::http::Answer;
use crate::load::{Progress, Visitor};
use crate::random::Random;
use crate::shop::World;

/// The most lines of an order, and the most units of a line.
const MOST: usize = 3;

/// Which products are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Choice {
    /// One to three lines over all products.
    All,
    /// One line of the first product.
    First,
}

/// An order that the shop has said to be placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Acknowledged {
    pub(crate) id: Uuid,
    pub(crate) total: i64,
    pub(crate) units: u32,
}

/// All of them.
pub(crate) type Acknowledgements = Rc<RefCell<Vec<Acknowledged>>>;

/// What visitors that order have in common.
#[derive(Debug)]
pub(crate) struct OrderBook {
    /// The beginnings of requests, one a buyer: all that does not change.
    heads: Vec<Vec<u8>>,
    /// The products as they are written in a request, and their prices.
    wares: Vec<(String, i64)>,
    keys: Cell<u64>,
    /// Below the ids of all orders to come.
    pub(crate) since: Uuid,
    pub(crate) acknowledged: Acknowledgements,
    /// The buyer and the id of the order that was acknowledged last.
    pub(super) newest: Cell<Option<(usize, Uuid)>>,
}

impl OrderBook {
    pub(crate) fn new(world: &World) -> Self {
        let head = |token: &str| {
            format!(
                "POST /api/v1/orders HTTP/1.1\r\nHost: shop\r\nAuthorization: Bearer {token}\r\n\
                 Content-Type: application/json\r\nIdempotency-Key: "
            )
        };
        Self {
            heads: world.buyers.iter().map(|buyer| head(&buyer.token).into_bytes()).collect(),
            wares: world.wares.iter().map(|ware| (ware.id.to_string(), ware.price)).collect(),
            keys: Cell::new(0),
            since: since(),
            acknowledged: Acknowledgements::default(),
            newest: Cell::new(None),
        }
    }
}

/// The least id of this very moment.
fn since() -> Uuid {
    let millis = u128::try_from(SystemClock.now().timestamp_millis()).unwrap_or(0);
    Uuid::from_u128(millis << 80)
}

/// Orders again and again.
#[derive(Debug)]
pub(crate) struct Ordering {
    book: Rc<OrderBook>,
    choice: Choice,
    random: Random,
    body: Vec<u8>,
    /// Of the order that is under way.
    pub(super) buyer: usize,
    total: i64,
    units: u32,
}

impl Ordering {
    pub(crate) fn new(book: Rc<OrderBook>, choice: Choice, random: Random) -> Self {
        Self { book, choice, random, body: Vec::new(), buyer: 0, total: 0, units: 0 }
    }

    fn line(&mut self, index: usize) {
        let quantity = 1 + self.random.below(MOST);
        let (id, price) = &self.book.wares[index];
        // At most three, so it fits any number; writing to memory does not fail.
        self.units += u32::try_from(quantity).unwrap_or(0);
        self.total += price * i64::try_from(quantity).unwrap_or(0);
        let comma = if self.body.ends_with(b"}") { "," } else { "" };
        let _ = write!(self.body, r#"{comma}{{"productId":"{id}","quantity":{quantity}}}"#);
    }
}

impl Ordering {
    /// The order that was acknowledged last.
    pub(super) fn latest(&self) -> Option<Acknowledged> {
        self.book.acknowledged.borrow().last().copied()
    }
}

impl Visitor for Ordering {
    fn ask(&mut self, request: &mut Vec<u8>) -> bool {
        (self.total, self.units) = (0, 0);
        self.body.clear();
        self.body.extend_from_slice(br#"{"items":["#);
        match self.choice {
            Choice::All => {
                for _ in 0..=self.random.below(MOST) {
                    let index = self.random.below(self.book.wares.len());
                    self.line(index);
                }
            }
            Choice::First => self.line(0),
        }
        self.body.extend_from_slice(b"]}");
        self.buyer = self.random.below(self.book.heads.len());
        request.extend_from_slice(&self.book.heads[self.buyer]);
        let key = self.book.keys.replace(self.book.keys.get() + 1);
        // Writing to memory does not fail.
        let _ = write!(request, "order-{key:x}\r\nContent-Length: {}\r\n\r\n", self.body.len());
        request.extend_from_slice(&self.body);
        true
    }

    fn hear(&mut self, answer: Answer<'_>) -> Result<Progress> {
        if answer.status != 201 {
            ensure!(
                matches!(answer.status, 408 | 503),
                "an order that nothing stands against was answered {}: {}",
                answer.status,
                String::from_utf8_lossy(answer.body)
            );
            return Ok(Progress::Refused);
        }
        let (id, total) = placed(answer.body).context("the answer to an order has no id and total")?;
        ensure!(total == self.total, "order {id} costs {total} and not {}", self.total);
        self.book.newest.set(Some((self.buyer, id)));
        self.book.acknowledged.borrow_mut().push(Acknowledged { id, total, units: self.units });
        Ok(Progress::Done)
    }

    fn forget(&mut self) {}
}

/// The id and the total of an order, without reading all of it.
fn placed(body: &[u8]) -> Option<(Uuid, i64)> {
    let total = br#","total":{"amount":"#;
    let digits = &body[memmem::rfind(body, total)? + total.len()..];
    let end = digits.iter().position(|byte| !byte.is_ascii_digit())?;
    let total = std::str::from_utf8(&digits[..end]).ok()?.parse().ok()?;
    Some((id(body)?, total))
}

/// The id that a body begins with.
pub(super) fn id(body: &[u8]) -> Option<Uuid> {
    Uuid::try_parse_ascii(body.strip_prefix(br#"{"id":""#)?.get(..36)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACED: &[u8] = br#"{"id":"01a21451-ac20-74ca-b56d-414d4e7196cf","userId":"01a21451-ab48-7a74-a489-5280886d9673","status":"PENDING_PAYMENT","items":[],"gross":{"amount":325000,"currency":"KRW"},"discount":{"amount":0,"currency":"KRW"},"total":{"amount":325001,"currency":"KRW"},"issuedCouponId":null}"#;

    #[test]
    fn id_and_total_are_found() {
        let id = "01a21451-ac20-74ca-b56d-414d4e7196cf".parse().unwrap();
        assert_eq!(placed(PLACED), Some((id, 325_001)));
        assert_eq!(placed(b"{}"), None);
        assert_eq!(placed(&PLACED[..PLACED.len() - 60]), None);
    }
}
