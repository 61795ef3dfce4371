//! What the gate asks of Redis: each question one atomic script over the keys of one campaign.
//!
//! | key | holds |
//! |---|---|
//! | `jangteo:gate:{campaign}:state` | the epoch, how many coupons are left, and whether the end is confirmed |
//! | `jangteo:gate:{campaign}:inside` | the places of those inside, by when their leases run out |
//! | `jangteo:gate:{campaign}:at-limit` | the users who are confirmed to be at the limit |
//!
//! The braces put the three into one slot of a Cluster. Time is that of the Redis server.

use std::time::Duration;

use deadpool_redis::redis::{Script, ScriptInvocation};
use jangteo_coupon::{Allotment, ClaimOutcome, Claimant};
use jangteo_shared_kernel::CouponId;

use crate::connection::Away;
use crate::{Redis, millis};

/// How long a place is held for one who does not come back: longer than a transaction lasts.
const LEASE: Duration = Duration::from_secs(30);

/// How long the memory of a campaign is kept after its last claim. It is rebuilt when it is needed again.
const KEPT: Duration = Duration::from_hours(24);

/// Answers with a number and the epoch.
const ENTER: &str = include_str!("gate_enter.lua");
const LEAVE: &str = include_str!("gate_leave.lua");
const START: &str = include_str!("gate_start.lua");

pub(crate) struct GateScripts {
    enter: Script,
    leave: Script,
    start: Script,
}

/// What the memory says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// There is a place, and it is taken.
    Inside {
        epoch: String,
    },
    Full,
    AlreadyClaimed,
    SoldOut,
    /// It does not know the campaign: it has been lost, or has never been asked.
    Lost,
}

impl GateScripts {
    pub(crate) fn new() -> Self {
        Self { enter: Script::new(ENTER), leave: Script::new(LEAVE), start: Script::new(START) }
    }

    /// Takes a place under this name, if one is free.
    pub(crate) async fn enter(&self, redis: &Redis, claimant: Claimant, name: &str) -> Result<Said, Away> {
        let mut question = about(&self.enter, claimant.campaign);
        question.arg(claimant.user.to_string()).arg(name).arg(millis(LEASE)).arg(millis(KEPT));
        let (said, epoch) = redis.run::<(String, String)>(&question).await?;
        Ok(match said.as_str() {
            "inside" => Said::Inside { epoch },
            "already claimed" => Said::AlreadyClaimed,
            "sold out" => Said::SoldOut,
            "full" => Said::Full,
            _ => Said::Lost,
        })
    }

    /// Gives a place back, if there was one, and remembers what the outcome confirms. `place` is an epoch and a name.
    pub(crate) async fn leave(
        &self,
        redis: &Redis,
        claimant: Claimant,
        place: Option<(&str, &str)>,
        outcome: ClaimOutcome,
    ) -> Result<(), Away> {
        let (epoch, name) = place.unwrap_or_default();
        let mut question = about(&self.leave, claimant.campaign);
        question.arg(claimant.user.to_string()).arg(epoch).arg(name).arg(millis(KEPT));
        let issued = matches!(outcome, ClaimOutcome::Issued { .. });
        question.arg(issued).arg(outcome.confirms_the_limit()).arg(outcome.confirms_the_end());
        redis.run(&question).await
    }

    /// Starts the memory of a campaign under a new epoch, unless it has one.
    pub(crate) async fn start(&self, redis: &Redis, allotment: &Allotment, epoch: &str) -> Result<(), Away> {
        let mut question = about(&self.start, allotment.campaign);
        question.arg(epoch).arg(allotment.remaining().get()).arg(allotment.is_sold_out()).arg(millis(KEPT));
        redis.run(&question).await
    }
}

fn about(script: &Script, campaign: CouponId) -> ScriptInvocation<'_> {
    let mut question = script.prepare_invoke();
    for name in ["state", "inside", "at-limit"] {
        question.key(format!("jangteo:gate:{{{campaign}}}:{name}"));
    }
    question
}
