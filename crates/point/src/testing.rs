//! What the tests of this crate are made with.

use chrono::TimeDelta;
use jangteo_shared_kernel::{Currency, Id, Money, Timestamp};

use crate::{PointAccount, PointLot, PointLotKind};

pub(crate) fn id<K>(n: u32) -> Id<K> {
    format!("01900000-0000-7000-8000-{n:012x}").parse().unwrap()
}

pub(crate) fn krw(amount: i64) -> Money {
    Money::new(amount, Currency::KRW)
}

pub(crate) fn day(n: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + TimeDelta::days(n)
}

/// A lot that nobody has spent from.
pub(crate) fn lot(n: u32, kind: PointLotKind, amount: i64, expires: Option<i64>, created: i64) -> PointLot {
    let (amount, expires_at) = (krw(amount), expires.map(day));
    PointLot { id: id(n), kind, amount, remaining: amount, expires_at, created_at: day(created) }
}

/// An account of these lots.
pub(crate) fn account(lots: Vec<PointLot>) -> PointAccount {
    let balance = Money::sum(Currency::KRW, lots.iter().map(|lot| lot.remaining)).unwrap();
    PointAccount { balance, lots, ..PointAccount::open(id(1), Currency::KRW) }
}
