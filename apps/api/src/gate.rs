//! Which gate stands in front of claims: the one place that names them.

use jangteo_application::{InProcessGate, InProcessPass, Sources};
use jangteo_coupon::{Admission, ClaimGate, ClaimOutcome};
use jangteo_redis::{Redis, RedisGate, RedisPass};
use jangteo_shared_kernel::{CouponId, UserId};

use crate::metrics::GateMeters;
use crate::storage::Storage;

/// The gate of the shop, which counts what it says.
#[derive(Debug)]
pub(crate) struct Gate {
    memory: Memory,
    meters: GateMeters,
}

/// Where it remembers who is inside.
#[derive(Debug)]
enum Memory {
    /// For one instance, or for several that do not share.
    InProcess(Box<InProcessGate<Storage>>),
    /// For all instances together.
    Redis(Box<RedisGate<Storage>>),
}

/// A pass of the gate that gave it out.
#[derive(Debug)]
pub(crate) enum Pass {
    InProcess(InProcessPass),
    Redis(RedisPass),
}

impl Gate {
    /// A gate that counts from what this storage says, and with Redis if there is one.
    pub(crate) fn new(storage: Storage, redis: Option<Redis>, sources: Sources, meters: GateMeters) -> Self {
        let memory = match redis {
            Some(redis) => Memory::Redis(Box::new(RedisGate::new(redis, storage, sources))),
            None => Memory::InProcess(Box::new(InProcessGate::new(storage))),
        };
        Self { memory, meters }
    }
}

impl Pass {
    fn has_place(&self) -> bool {
        match self {
            Self::InProcess(pass) => pass.has_place(),
            Self::Redis(pass) => pass.has_place(),
        }
    }
}

impl ClaimGate for Gate {
    type Pass = Pass;

    async fn enter(&self, campaign: CouponId, user: UserId) -> Admission<Pass> {
        let admission = match &self.memory {
            Memory::InProcess(gate) => gate.enter(campaign, user).await.map(Pass::InProcess),
            Memory::Redis(gate) => gate.enter(campaign, user).await.map(Pass::Redis),
        };
        self.meters.said(&admission, Pass::has_place);
        admission
    }

    fn pass_by(&self, campaign: CouponId, user: UserId) -> Pass {
        self.meters.passed_by();
        match &self.memory {
            Memory::InProcess(gate) => Pass::InProcess(gate.pass_by(campaign, user)),
            Memory::Redis(gate) => Pass::Redis(gate.pass_by(campaign, user)),
        }
    }

    async fn leave(&self, pass: Pass, outcome: ClaimOutcome) {
        match (&self.memory, pass) {
            (Memory::InProcess(gate), Pass::InProcess(pass)) => gate.leave(pass, outcome).await,
            (Memory::Redis(gate), Pass::Redis(pass)) => gate.leave(pass, outcome).await,
            // Nobody has a pass of a gate that is not there.
            (Memory::InProcess(_), Pass::Redis(_)) | (Memory::Redis(_), Pass::InProcess(_)) => {}
        }
    }
}
