//! Points, lot by lot.

use super::{Reference, Refused, User};
use crate::model::figures::LotFigures;
use crate::model::opening::LIMITS;

#[derive(Debug, Clone)]
pub(in crate::model) struct Lot {
    bonus: bool,
    left: i64,
    pub(in crate::model) until: Option<i64>,
}

impl Lot {
    fn is_live(&self, now: i64) -> bool {
        self.left > 0 && self.until.is_none_or(|until| until > now)
    }
}

impl Reference {
    pub(super) fn charge(&mut self, user: usize, amount: i64) -> Result<(), Refused> {
        if !(LIMITS.min_charge..=LIMITS.max_charge).contains(&amount) {
            return Err("amount-out-of-range");
        }
        self.take_in(user, Lot { bonus: false, left: amount, until: None })
    }

    pub(super) fn grant(&mut self, user: usize, amount: i64, until: i64) -> Result<(), Refused> {
        if until <= self.now {
            return Err("already-expired");
        }
        self.take_in(user, Lot { bonus: true, left: amount, until: Some(until) })
    }

    fn take_in(&mut self, user: usize, lot: Lot) -> Result<(), Refused> {
        if self.available(user) + lot.left > LIMITS.max_balance {
            return Err("point-limit-exceeded");
        }
        self.users[user].lots.push(lot);
        Ok(())
    }

    fn available(&self, user: usize) -> i64 {
        self.users[user].lots.iter().filter(|lot| lot.is_live(self.now)).map(|lot| lot.left).sum()
    }

    /// What ends first goes first, a gift before money, and else what came in first.
    pub(super) fn spend(&mut self, user: usize, mut amount: i64) -> Result<(), Refused> {
        if self.available(user) < amount {
            return Err("insufficient-points");
        }
        let now = self.now;
        let mut live: Vec<&mut Lot> =
            self.users[user].lots.iter_mut().filter(|lot| lot.is_live(now)).collect();
        live.sort_by_key(|lot| (lot.until.unwrap_or(i64::MAX), !lot.bonus));
        for lot in live {
            let taken = lot.left.min(amount);
            lot.left -= taken;
            amount -= taken;
        }
        Ok(())
    }

    pub(super) fn lots(&self, user: &User) -> Vec<LotFigures> {
        let live = user.lots.iter().filter(|lot| lot.is_live(self.now));
        live.map(|lot| LotFigures { bonus: lot.bonus, left: lot.left, until: lot.until }).collect()
    }
}
