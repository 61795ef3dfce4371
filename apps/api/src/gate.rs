//! Which gate stands in front of claims: the one place that names them.

use jangteo_application::{InProcessGate, InProcessPass, Sources};
use jangteo_coupon::{Admission, ClaimGate, ClaimOutcome};
use jangteo_redis::{Redis, RedisGate, RedisPass};
use jangteo_shared_kernel::{CouponId, UserId};

use crate::storage::Storage;

/// The gate of the shop.
#[derive(Debug)]
pub(crate) enum Gate {
    /// For one instance, or for several that do not share.
    InProcess(InProcessGate<Storage>),
    /// For all instances together.
    Redis(RedisGate<Storage>),
}

/// A pass of the gate that gave it out.
#[derive(Debug)]
pub(crate) enum Pass {
    InProcess(InProcessPass),
    Redis(RedisPass),
}

impl Gate {
    /// A gate that counts from what this storage says, and with Redis if there is one.
    pub(crate) fn new(storage: Storage, redis: Option<Redis>, sources: Sources) -> Self {
        match redis {
            Some(redis) => Self::Redis(RedisGate::new(redis, storage, sources)),
            None => Self::InProcess(InProcessGate::new(storage)),
        }
    }
}

impl ClaimGate for Gate {
    type Pass = Pass;

    async fn enter(&self, campaign: CouponId, user: UserId) -> Admission<Pass> {
        match self {
            Self::InProcess(gate) => gate.enter(campaign, user).await.map(Pass::InProcess),
            Self::Redis(gate) => gate.enter(campaign, user).await.map(Pass::Redis),
        }
    }

    fn pass_by(&self, campaign: CouponId, user: UserId) -> Pass {
        match self {
            Self::InProcess(gate) => Pass::InProcess(gate.pass_by(campaign, user)),
            Self::Redis(gate) => Pass::Redis(gate.pass_by(campaign, user)),
        }
    }

    async fn leave(&self, pass: Pass, outcome: ClaimOutcome) {
        match (self, pass) {
            (Self::InProcess(gate), Pass::InProcess(pass)) => gate.leave(pass, outcome).await,
            (Self::Redis(gate), Pass::Redis(pass)) => gate.leave(pass, outcome).await,
            // Nobody has a pass of a gate that is not there.
            (Self::InProcess(_), Pass::Redis(_)) | (Self::Redis(_), Pass::InProcess(_)) => {}
        }
    }
}
