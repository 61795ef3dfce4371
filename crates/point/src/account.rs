//! The account aggregate and its history.

use jangteo_shared_kernel::{
    Currency, Money, OrderId, PaymentId, PointHistoryId, PointLotId, Timestamp, UserId,
};

use crate::PointLot;

/// The points of one user.
///
/// The fields are public for storages, which write and read them; rules live in the methods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PointAccount {
    /// Whose points.
    pub user: UserId,
    /// Σ of what remains in the lots, those included whose expiry nobody has written yet.
    pub balance: Money,
    /// The sequence of the latest history entry; 0 before the first.
    pub sequence: i64,
    /// The lots that have something left.
    pub lots: Vec<PointLot>,
}

/// What changed a balance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "SCREAMING_SNAKE_CASE")
)]
pub enum PointEntryKind {
    /// The customer bought points.
    Charged,
    /// An operator gave points.
    Granted,
    /// A payment took points.
    Spent,
    /// A refund gave points back.
    Refunded,
    /// A lot expired, or an account was closed with points on it.
    Expired,
}

/// One entry of an account's history. Entries are never changed and never removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PointEntry {
    /// Names it.
    pub id: PointHistoryId,
    /// Whose account.
    pub user: UserId,
    /// Its place in the account's history, from 1, without gaps.
    pub sequence: i64,
    /// What happened.
    pub kind: PointEntryKind,
    /// By how much the balance moved; below zero when points went.
    pub amount: Money,
    /// The balance right after it.
    pub balance: Money,
    /// The payment that it belongs to.
    pub payment: Option<PaymentId>,
    /// The order that it belongs to.
    pub order: Option<OrderId>,
    /// Why, where an operator said so.
    pub reason: Option<String>,
    /// When.
    pub created_at: Timestamp,
    /// The lots that it brought in, as they came in.
    pub new_lots: Vec<PointLot>,
    /// The lots that it moved, in the order of moving.
    pub movements: Vec<LotMovement>,
}

/// By how much an entry moved a lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LotMovement {
    /// Which lot.
    pub lot: PointLotId,
    /// By how much; below zero when points went.
    pub amount: Money,
}

/// What an entry is about, before the account has taken note of it.
pub(crate) struct Draft {
    pub(crate) id: PointHistoryId,
    pub(crate) kind: PointEntryKind,
    pub(crate) amount: Money,
    pub(crate) created_at: Timestamp,
}

impl PointAccount {
    /// A new account with nothing on it.
    #[must_use]
    pub const fn open(user: UserId, currency: Currency) -> Self {
        Self { user, balance: Money::zero(currency), sequence: 0, lots: Vec::new() }
    }

    /// What can be spent at `now`.
    #[must_use]
    pub fn available(&self, now: Timestamp) -> Money {
        let live = self.lots.iter().filter(|lot| lot.is_live(now)).map(|lot| lot.remaining);
        // A part of the balance, which fits.
        Money::sum(self.balance.currency(), live).unwrap_or(self.balance)
    }

    /// What expires first of what can be spent, and when.
    #[must_use]
    pub fn expiring_next(&self, now: Timestamp) -> Option<(Money, Timestamp)> {
        let live = || self.lots.iter().filter(|lot| lot.is_live(now));
        let first = live().filter_map(|lot| lot.expires_at).min()?;
        let together = live().filter(|lot| lot.expires_at == Some(first)).map(|lot| lot.remaining);
        Some((Money::sum(self.balance.currency(), together).unwrap_or(self.balance), first))
    }

    /// Moves the balance and writes the entry. The caller has checked that the sum fits and is not below zero.
    pub(crate) fn enter(&mut self, draft: &Draft, balance: Money, movements: Vec<LotMovement>) -> PointEntry {
        self.balance = balance;
        self.sequence += 1;
        self.lots.retain(|lot| !lot.remaining.is_zero());
        PointEntry {
            id: draft.id,
            user: self.user,
            sequence: self.sequence,
            kind: draft.kind,
            amount: draft.amount,
            balance,
            payment: None,
            order: None,
            reason: None,
            created_at: draft.created_at,
            new_lots: Vec::new(),
            movements,
        }
    }
}
