//! Claiming coupons.

use std::cell::{Cell, RefCell};
use std::io::Write as _;
use std::rc::Rc;

use anyhow::{Context as _, Result, ensure};
use memchr::memmem;
use uuid::Uuid;

use super::orders::id;
use crate::http::{Answer, Connection};
use crate::load::{Progress, Visitor};
use crate::shop::World;

/// What visitors that claim have in common.
#[derive(Debug)]
pub(crate) struct ClaimBook {
    /// The beginnings of requests, one a campaign.
    campaigns: Vec<String>,
    tokens: Vec<String>,
    /// How many claims there were: the next one is by this person in this campaign.
    claimed: Cell<usize>,
    /// Whether there is nothing left to claim, so that everybody is refused, for ever.
    refuses: bool,
    /// The coupons that were acknowledged.
    pub(crate) granted: RefCell<Vec<Uuid>>,
}

impl ClaimBook {
    /// Everybody gets one coupon of each campaign.
    pub(crate) fn granting(world: &World, campaigns: &[String]) -> Self {
        Self::new(world, campaigns, false)
    }

    /// Nobody gets any, who they are being the same.
    pub(crate) fn refusing(world: &World, campaign: &str) -> Self {
        let book = Self::new(world, &[campaign.to_owned()], true);
        // The first person has got the only one.
        book.claimed.set(1);
        book
    }

    fn new(world: &World, campaigns: &[String], refuses: bool) -> Self {
        let head = |id: &String| format!("POST /api/v1/coupons/{id}/claims HTTP/1.1\r\nHost: shop\r\n");
        Self {
            campaigns: campaigns.iter().map(head).collect(),
            tokens: world.buyers.iter().map(|buyer| buyer.token.clone()).collect(),
            claimed: Cell::new(0),
            refuses,
            granted: RefCell::default(),
        }
    }

    /// Whether all coupons were claimed before the time was over.
    pub(crate) fn is_used_up(&self) -> bool {
        !self.refuses && self.claimed.get() >= self.campaigns.len() * self.tokens.len()
    }
}

/// Claims again and again.
#[derive(Debug)]
pub(crate) struct Claiming(Rc<ClaimBook>);

impl Claiming {
    pub(crate) fn new(book: Rc<ClaimBook>) -> Self {
        Self(book)
    }

    /// Claims one coupon, which MUST be granted.
    pub(crate) async fn claim_once(&mut self, connection: &mut Connection) -> Result<()> {
        let mut request = Vec::new();
        self.ask(&mut request);
        let progress = self.hear(connection.exchange(&request).await?)?;
        ensure!(progress == Progress::Done, "a coupon was not granted");
        Ok(())
    }
}

impl Visitor for Claiming {
    fn ask(&mut self, request: &mut Vec<u8>) -> bool {
        let (book, people) = (&self.0, self.0.tokens.len());
        if book.is_used_up() {
            return false;
        }
        let number = book.claimed.replace(book.claimed.get() + 1);
        let (campaign, person) =
            if book.refuses { (0, 1 + number % (people - 1)) } else { (number / people, number % people) };
        // Writing to memory does not fail.
        let _ = write!(
            request,
            "{}Authorization: Bearer {}\r\nIdempotency-Key: claim-{number:x}\r\nContent-Length: 0\r\n\r\n",
            book.campaigns[campaign], book.tokens[person]
        );
        true
    }

    fn hear(&mut self, answer: Answer<'_>) -> Result<Progress> {
        let said = || String::from_utf8_lossy(answer.body);
        match answer.status {
            201 => {
                ensure!(!self.0.refuses, "a coupon was granted that there is not: {}", said());
                let coupon = id(answer.body).context("the answer to a claim has no id")?;
                self.0.granted.borrow_mut().push(coupon);
                Ok(Progress::Done)
            }
            409 if self.0.refuses => {
                let sold_out = memmem::find(answer.body, br#""code":"coupon-sold-out""#).is_some();
                ensure!(sold_out, "a claim was refused for another reason: {}", said());
                Ok(Progress::Done)
            }
            408 | 503 => Ok(Progress::Refused),
            status => anyhow::bail!("a claim was answered {status}: {}", said()),
        }
    }

    fn forget(&mut self) {}
}
