//! Placing an order and paying it by points: two requests, one purchase.

use std::cell::{Cell, RefCell};
use std::io::Write as _;
use std::rc::Rc;

use anyhow::{Context as _, Result, ensure};
use memchr::memmem;
use uuid::Uuid;

use super::orders::Ordering;
use crate::http::Answer;
use crate::load::{Progress, Visitor};
use crate::shop::World;

/// What visitors that pay have in common.
#[derive(Debug)]
pub(crate) struct PaymentBook {
    heads: Vec<Vec<u8>>,
    keys: Cell<u64>,
    /// The orders whose payment was acknowledged.
    pub(crate) paid: RefCell<Vec<Uuid>>,
}

impl PaymentBook {
    pub(crate) fn new(world: &World) -> Self {
        let head = |token: &str| {
            format!(
                "POST /api/v1/payments HTTP/1.1\r\nHost: shop\r\nAuthorization: Bearer {token}\r\n\
                 Content-Type: application/json\r\nIdempotency-Key: "
            )
        };
        Self {
            heads: world.buyers.iter().map(|buyer| head(&buyer.token).into_bytes()).collect(),
            keys: Cell::new(0),
            paid: RefCell::default(),
        }
    }
}

/// Buys again and again.
#[derive(Debug)]
pub(crate) struct Purchasing {
    ordering: Ordering,
    book: Rc<PaymentBook>,
    /// The order that waits for its payment.
    unpaid: Option<Uuid>,
}

impl Purchasing {
    pub(crate) fn new(ordering: Ordering, book: Rc<PaymentBook>) -> Self {
        Self { ordering, book, unpaid: None }
    }
}

impl Visitor for Purchasing {
    fn ask(&mut self, request: &mut Vec<u8>) -> bool {
        let Some(order) = self.unpaid else { return self.ordering.ask(request) };
        request.extend_from_slice(&self.book.heads[self.ordering.buyer]);
        let key = self.book.keys.replace(self.book.keys.get() + 1);
        let body = format!(r#"{{"orderId":"{order}"}}"#);
        // Writing to memory does not fail.
        let _ = write!(request, "payment-{key:x}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        true
    }

    fn hear(&mut self, answer: Answer<'_>) -> Result<Progress> {
        let Some(order) = self.unpaid.take() else {
            let progress = self.ordering.hear(answer)?;
            if progress == Progress::Done {
                self.unpaid = Some(self.ordering.latest().context("an order was acknowledged")?.id);
                return Ok(Progress::Goes);
            }
            return Ok(progress);
        };
        if matches!(answer.status, 408 | 503) {
            return Ok(Progress::Refused);
        }
        ensure!(
            answer.status == 201 && memmem::find(answer.body, br#""status":"COMPLETED""#).is_some(),
            "a payment that nothing stands against was answered {}: {}",
            answer.status,
            String::from_utf8_lossy(answer.body)
        );
        self.book.paid.borrow_mut().push(order);
        Ok(Progress::Done)
    }

    fn forget(&mut self) {
        self.unpaid = None;
    }
}
