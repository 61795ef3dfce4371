//! Points, lot by lot. Lots that are alike are one.

use super::{Order, Reference, Refused, User};
use crate::model::figures::{LotFigures, PointFigures};
use crate::model::opening::{LIMITS, MONTH};

#[derive(Debug, Clone)]
pub(in crate::model) struct Lot {
    bonus: bool,
    since: i64,
    pub(super) left: i64,
    pub(in crate::model) until: Option<i64>,
}

impl Lot {
    fn is_live(&self, now: i64) -> bool {
        self.until.is_none_or(|until| until > now)
    }
}

impl Reference {
    pub(super) fn charge(&mut self, user: usize, amount: i64) -> Result<(), Refused> {
        self.write_off(user);
        if !(LIMITS.min_charge..=LIMITS.max_charge).contains(&amount) {
            return Err("amount-out-of-range");
        }
        self.take_in(user, Lot { bonus: false, since: self.now, left: amount, until: None })
    }

    pub(super) fn grant(&mut self, user: usize, amount: i64, until: i64) -> Result<(), Refused> {
        self.write_off(user);
        if until <= self.now {
            return Err("already-expired");
        }
        self.take_in(user, Lot { bonus: true, since: self.now, left: amount, until: Some(until) })
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

    /// Whether nothing but a wrong amount or a stranger keeps the order from being paid.
    pub(in crate::model) fn can_pay(&self, order: &Order) -> bool {
        self.now + 1 < order.expires && order.total() <= self.available(order.user)
    }

    /// Whoever has to do with an account writes off what has expired of it.
    pub(super) fn write_off(&mut self, user: usize) {
        let now = self.now;
        self.users[user].lots.iter_mut().filter(|lot| !lot.is_live(now)).for_each(|lot| lot.left = 0);
    }

    /// What ends first goes first, a gift before money, and else what came in first. Gives from which lots how much.
    pub(super) fn spend(&mut self, user: usize, mut amount: i64) -> Result<Vec<(usize, i64)>, Refused> {
        self.write_off(user);
        if self.available(user) < amount {
            return Err("insufficient-points");
        }
        let lots = &mut self.users[user].lots;
        let mut order: Vec<usize> = (0..lots.len()).collect();
        order.sort_by_key(|lot| (lots[*lot].until.unwrap_or(i64::MAX), !lots[*lot].bonus));
        let mut taken = Vec::new();
        for lot in order {
            // What has expired is empty by now.
            let part = lots[lot].left.min(amount);
            lots[lot].left -= part;
            amount -= part;
            if part > 0 {
                taken.push((lot, part));
            }
        }
        Ok(taken)
    }

    /// What was taken last comes back first, and is then no longer taken. What cannot go back to where it came from
    /// because that has expired lives for a month.
    pub(super) fn give_back(&mut self, user: usize, taken: &mut Vec<(usize, i64)>, mut amount: i64) {
        if amount == 0 {
            return;
        }
        self.write_off(user);
        let (now, lots) = (self.now, &mut self.users[user].lots);
        while amount > 0 {
            let (lot, left) = taken.last_mut().expect("it was paid with points");
            let part = amount.min(*left);
            (amount, *left) = (amount - part, *left - part);
            if lots[*lot].is_live(now) {
                lots[*lot].left += part;
            } else {
                let bonus = lots[*lot].bonus;
                let alike = lots.iter_mut().find(|lot| (lot.since, lot.bonus) == (now, bonus));
                match alike {
                    Some(lot) => lot.left += part,
                    None => lots.push(Lot { bonus, since: now, left: part, until: Some(now + MONTH) }),
                }
            }
            if *left == 0 {
                taken.pop();
            }
        }
    }

    pub(super) fn expire_points(&mut self) {
        (0..self.users.len()).for_each(|user| self.write_off(user));
    }

    pub(super) fn points(&self, user: &User) -> PointFigures {
        let live = user.lots.iter().filter(|lot| lot.left > 0 && lot.is_live(self.now));
        let figures =
            |lot: &Lot| LotFigures { since: lot.since, bonus: lot.bonus, left: lot.left, until: lot.until };
        PointFigures {
            balance: user.lots.iter().map(|lot| lot.left).sum(),
            lots: live.map(figures).collect(),
        }
    }
}
