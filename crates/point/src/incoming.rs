//! Points that come in.

use jangteo_shared_kernel::{Money, PointHistoryId, PointLotId, Timestamp};

use crate::account::Draft;
use crate::{LotMovement, PointAccount, PointEntry, PointEntryKind, PointLot, PointLotKind};

/// What an account may take, in minor units of the business currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PointLimits {
    /// The least that is charged at once.
    pub min_charge: i64,
    /// The most that is charged at once.
    pub max_charge: i64,
    /// The most that a charge or a grant may bring a balance to.
    pub max_balance: i64,
}

impl Default for PointLimits {
    /// 1,000 to 10,000,000 won a charge, a balance of at most 100,000,000 won.
    fn default() -> Self {
        Self { min_charge: 1_000, max_charge: 10_000_000, max_balance: 100_000_000 }
    }
}

/// Why points cannot be charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChargeRefusal {
    /// The amount is not one that may be charged.
    #[error("a charge is {min} to {max}")]
    AmountOutOfRange {
        /// The least.
        min: i64,
        /// The most.
        max: i64,
    },
    /// The balance would exceed its limit.
    #[error("the balance would exceed {max}")]
    LimitExceeded {
        /// The limit.
        max: i64,
    },
}

/// Why points cannot be granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GrantRefusal {
    /// The amount is not above zero.
    #[error("a grant is above zero")]
    NotPositive,
    /// The points would expire before they can be spent.
    #[error("a grant expires in the future")]
    AlreadyExpired,
    /// The balance would exceed its limit.
    #[error("the balance would exceed {max}")]
    LimitExceeded {
        /// The limit.
        max: i64,
    },
}

/// The balance would exceed its limit.
struct OverLimit;

impl PointAccount {
    /// Adds points that the customer bought. Expired lots MUST have been written off before
    /// ([`PointAccount::expire_due`]), so that they do not count against the limit.
    pub fn charge(
        &mut self,
        entry: PointHistoryId,
        lot: PointLotId,
        amount: Money,
        expires_at: Option<Timestamp>,
        limits: &PointLimits,
        now: Timestamp,
    ) -> Result<PointEntry, ChargeRefusal> {
        if !(limits.min_charge..=limits.max_charge).contains(&amount.amount()) {
            return Err(ChargeRefusal::AmountOutOfRange { min: limits.min_charge, max: limits.max_charge });
        }
        let lot = PointLot {
            id: lot,
            kind: PointLotKind::Charged,
            amount,
            remaining: amount,
            expires_at,
            created_at: now,
        };
        self.take_in(entry, PointEntryKind::Charged, lot, limits)
            .map_err(|OverLimit| ChargeRefusal::LimitExceeded { max: limits.max_balance })
    }

    /// Adds points that an operator gives, and says why. Expired lots MUST have been written off before.
    #[expect(
        clippy::too_many_arguments,
        reason = "a grant is what an operator says about it, plus ids, limits and time"
    )]
    pub fn grant(
        &mut self,
        entry: PointHistoryId,
        lot: PointLotId,
        amount: Money,
        expires_at: Timestamp,
        reason: String,
        limits: &PointLimits,
        now: Timestamp,
    ) -> Result<PointEntry, GrantRefusal> {
        if amount.amount() <= 0 {
            return Err(GrantRefusal::NotPositive);
        }
        if expires_at <= now {
            return Err(GrantRefusal::AlreadyExpired);
        }
        let kind = PointLotKind::Bonus;
        let lot = PointLot {
            id: lot,
            kind,
            amount,
            remaining: amount,
            expires_at: Some(expires_at),
            created_at: now,
        };
        let entry = self
            .take_in(entry, PointEntryKind::Granted, lot, limits)
            .map_err(|OverLimit| GrantRefusal::LimitExceeded { max: limits.max_balance })?;
        Ok(PointEntry { reason: Some(reason), ..entry })
    }

    fn take_in(
        &mut self,
        id: PointHistoryId,
        kind: PointEntryKind,
        lot: PointLot,
        limits: &PointLimits,
    ) -> Result<PointEntry, OverLimit> {
        let balance = self.balance.plus(lot.amount).map_err(|_| OverLimit)?;
        if balance.amount() > limits.max_balance {
            return Err(OverLimit);
        }
        self.lots.push(lot);
        let draft = Draft { id, kind, amount: lot.amount, created_at: lot.created_at };
        let entry = self.enter(&draft, balance, vec![LotMovement { lot: lot.id, amount: lot.amount }]);
        Ok(PointEntry { new_lots: vec![lot], ..entry })
    }
}
