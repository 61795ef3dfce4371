//! Points that a refund gives back.

use chrono::TimeDelta;
use jangteo_shared_kernel::{
    Money, MoneyError, OrderId, PaymentId, PointHistoryId, PointLotId, Timestamp, UserId,
};

use crate::account::Draft;
use crate::{LotMovement, PointAccount, PointEntry, PointEntryKind, PointLot};

/// How long points live that come back after their lot has expired.
const REPLACEMENT_LIVES: TimeDelta = TimeDelta::days(30);

/// What a payment took from an account, and how much of it was given back.
///
/// Nothing was given back that was not taken: `0 ≤ given_back ≤ Σ taken`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PointSpending {
    /// The payment that took the points.
    pub payment: PaymentId,
    /// The order that it paid.
    pub order: OrderId,
    /// Whose points they were.
    pub user: UserId,
    /// What was taken, in the order of spending.
    pub taken: Vec<TakenFromLot>,
    /// How much of it refunds have given back, whatever lots it went into.
    pub given_back: Money,
}

/// What a payment took from one lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TakenFromLot {
    /// The lot as it is stored. What remains of it while an account is decided on is for [`PointAccount::lots`] to say.
    pub lot: PointLot,
    /// How much, above zero.
    pub amount: Money,
}

/// Why points cannot be given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GiveBackRefusal {
    /// The points were taken from the account of somebody else.
    #[error("the points were taken from another account")]
    OtherAccount,
    /// The amount is below zero.
    #[error("what is given back is not below zero")]
    Negative,
    /// The payment took less, or the rest of it was given back before.
    #[error("only {left} in points can be given back")]
    MoreThanTaken {
        /// What can still be given back.
        left: Money,
    },
    /// A lot would hold more than it started with: a bug, kept from doing harm.
    #[error("point lot {lot} would hold more than it started with")]
    LotOverfull {
        /// Which lot.
        lot: PointLotId,
    },
    /// The amount is of another currency, or the balance would not fit.
    #[error(transparent)]
    Amount(#[from] MoneyError),
}

impl PointSpending {
    /// What can still be given back.
    pub fn left(&self) -> Result<Money, MoneyError> {
        let taken = self.taken.iter().map(|taken| taken.amount);
        Money::sum(self.given_back.currency(), taken)?.minus(self.given_back)
    }

    /// From which lots the next `amount` came, which is not more than is left: the last one first, behind what was
    /// given back before.
    fn next(&self, amount: Money) -> Vec<TakenFromLot> {
        let (mut passed, mut left) = (self.given_back.amount(), amount.amount());
        let mut next = Vec::new();
        for taken in self.taken.iter().rev() {
            let before = passed.min(taken.amount.amount());
            passed -= before;
            let part = left.min(taken.amount.amount() - before);
            left -= part;
            if part > 0 {
                next.push(TakenFromLot { amount: Money::new(part, amount.currency()), ..*taken });
            }
        }
        next
    }
}

impl PointAccount {
    /// Gives points of a payment back to the lots that they came from, in the reverse order of spending. A lot that is no
    /// longer live at `now` is replaced by a new one of the same kind, which holds what comes back and lives 30 days.
    ///
    /// Refunds in part go on where the last one ended, which `spending` keeps: without an expiry in between, any split
    /// gives the same lots the same amounts. There is no limit to the balance here. Whether somebody has written that a
    /// lot expired makes no difference; giving nothing back is an entry of zero without movements.
    pub fn give_back(
        &mut self,
        entry: PointHistoryId,
        mut new_lot: impl FnMut() -> PointLotId,
        amount: Money,
        spending: &mut PointSpending,
        now: Timestamp,
    ) -> Result<PointEntry, GiveBackRefusal> {
        if spending.user != self.user {
            return Err(GiveBackRefusal::OtherAccount);
        }
        if amount.is_negative() {
            return Err(GiveBackRefusal::Negative);
        }
        let left = spending.left()?;
        if left.minus(amount)?.is_negative() {
            return Err(GiveBackRefusal::MoreThanTaken { left });
        }
        let balance = self.balance.plus(amount)?;
        let given_back = spending.given_back.plus(amount)?;

        let mut lots = self.lots.clone();
        let (mut new_lots, mut movements) = (Vec::new(), Vec::new());
        for part in spending.next(amount) {
            let lot = if part.lot.is_live(now) {
                refill(&mut lots, &part)?;
                part.lot.id
            } else {
                let lot = replacement(new_lot(), &part, now);
                lots.push(lot);
                new_lots.push(lot);
                lot.id
            };
            movements.push(LotMovement { lot, amount: part.amount });
        }

        self.lots = lots;
        spending.given_back = given_back;
        let draft = Draft { id: entry, kind: PointEntryKind::Refunded, amount, created_at: now };
        let entry = self.enter(&draft, balance, movements);
        Ok(PointEntry { payment: Some(spending.payment), order: Some(spending.order), new_lots, ..entry })
    }
}

/// Puts points back into their lot. One that is not among the account's has nothing left, and comes back into them.
fn refill(lots: &mut Vec<PointLot>, part: &TakenFromLot) -> Result<(), GiveBackRefusal> {
    let known = lots.iter().position(|lot| lot.id == part.lot.id);
    let before = known.map_or(Money::zero(part.amount.currency()), |known| lots[known].remaining);
    let remaining = before.plus(part.amount)?;
    if part.lot.amount.minus(remaining)?.is_negative() {
        return Err(GiveBackRefusal::LotOverfull { lot: part.lot.id });
    }
    match known {
        Some(known) => lots[known].remaining = remaining,
        None => lots.push(PointLot { remaining, ..part.lot }),
    }
    Ok(())
}

/// The lot that takes the place of one that has expired.
fn replacement(id: PointLotId, part: &TakenFromLot, now: Timestamp) -> PointLot {
    let expires_at = now.checked_add_signed(REPLACEMENT_LIVES).unwrap_or(Timestamp::MAX_UTC);
    PointLot {
        id,
        kind: part.lot.kind,
        amount: part.amount,
        remaining: part.amount,
        expires_at: Some(expires_at),
        created_at: now,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jangteo_shared_kernel::Currency;
    use proptest::prelude::*;

    use super::*;
    use crate::PointLimits;
    use crate::PointLotKind::{Bonus, Charged};
    use crate::testing::{account, day, id, krw, lot};

    /// Spends, and says what was taken from which of the lots that there were.
    fn spend(account: &mut PointAccount, n: u32, amount: i64, now: i64) -> (PointEntry, PointSpending) {
        let lots: BTreeMap<PointLotId, PointLot> = account.lots.iter().map(|lot| (lot.id, *lot)).collect();
        let entry = account.spend(id(n), krw(amount), (id(n), id(n)), day(now)).unwrap();
        let taken = entry.movements.iter().map(|movement| TakenFromLot {
            // What is stored of it by now does not matter.
            lot: PointLot { remaining: krw(0), ..lots[&movement.lot] },
            amount: movement.amount.negated().unwrap(),
        });
        let (payment, order) = (id(n), id(n));
        let spending =
            PointSpending { payment, order, user: account.user, taken: taken.collect(), given_back: krw(0) };
        (entry, spending)
    }

    /// Gives back, and says what went into which lot.
    fn give_back(
        account: &mut PointAccount,
        amount: i64,
        spending: &mut PointSpending,
        now: i64,
    ) -> Result<Vec<(PointLotId, i64)>, GiveBackRefusal> {
        let mut new_lots = (900..).map(id);
        let entry =
            account.give_back(id(800), || new_lots.next().unwrap(), krw(amount), spending, day(now))?;
        assert_eq!((entry.kind, entry.amount), (PointEntryKind::Refunded, krw(amount)));
        assert_eq!((entry.payment, entry.order), (Some(spending.payment), Some(spending.order)));
        Ok(entry.movements.iter().map(|movement| (movement.lot, movement.amount.amount())).collect())
    }

    fn by_id(account: &PointAccount) -> BTreeMap<PointLotId, PointLot> {
        account.lots.iter().map(|lot| (lot.id, *lot)).collect()
    }

    #[test]
    fn gives_back_in_the_reverse_order_of_spending_across_refunds() {
        let mut account = account(vec![
            lot(1, Bonus, 10, Some(20), 0),
            lot(2, Charged, 10, Some(30), 0),
            lot(3, Charged, 10, None, 0),
        ]);
        let before = by_id(&account);
        let (_, mut spending) = spend(&mut account, 500, 25, 1);
        assert_eq!(give_back(&mut account, 3, &mut spending, 2), Ok(vec![(id(3), 3)]));
        assert_eq!(give_back(&mut account, 4, &mut spending, 2), Ok(vec![(id(3), 2), (id(2), 2)]));
        assert_eq!(give_back(&mut account, 0, &mut spending, 2), Ok(vec![]));
        assert_eq!(give_back(&mut account, 18, &mut spending, 2), Ok(vec![(id(2), 8), (id(1), 10)]));
        assert_eq!((by_id(&account), account.balance), (before, krw(30)));
        assert_eq!((account.sequence, spending.left()), (5, Ok(krw(0))));
    }

    #[test]
    fn a_lot_that_was_spent_again_meanwhile_takes_its_points_back() {
        let mut account = account(vec![lot(1, Charged, 10, None, 0)]);
        let (_, mut first) = spend(&mut account, 500, 10, 0);
        give_back(&mut account, 6, &mut first, 0).unwrap();
        let (_, mut second) = spend(&mut account, 501, 6, 0);
        assert!(account.lots.is_empty());
        assert_eq!(give_back(&mut account, 4, &mut first, 0), Ok(vec![(id(1), 4)]));
        assert_eq!(give_back(&mut account, 6, &mut second, 0), Ok(vec![(id(1), 6)]));
        assert_eq!(account.lots, [lot(1, Charged, 10, None, 0)]);
    }

    /// Hard case 9: points come back after their lot has expired.
    #[test]
    fn hard_case_9_points_of_an_expired_lot_come_back_in_a_new_one_of_30_days() {
        for written_off in [false, true] {
            let mut account = account(vec![
                lot(1, Bonus, 10, Some(20), 0),
                lot(2, Charged, 10, Some(25), 0),
                lot(3, Charged, 10, None, 0),
            ]);
            // A point of the second lot stays behind, and expires with it.
            let (_, mut spending) = spend(&mut account, 500, 19, 1);
            // The first part comes back in time, the second at the very instant of expiry.
            assert_eq!(give_back(&mut account, 2, &mut spending, 24), Ok(vec![(id(2), 2)]));
            if written_off {
                assert_eq!(account.expire_due(|| id(700), day(25)).len(), 1);
            }
            assert_eq!(
                give_back(&mut account, 12, &mut spending, 25),
                Ok(vec![(id(900), 7), (id(901), 5)]),
                "written off: {written_off}"
            );
            let new = |n, kind, amount| lot(n, kind, amount, Some(55), 25);
            let lots = by_id(&account);
            assert_eq!(lots[&id(900)], new(900, Charged, 7));
            assert_eq!(lots[&id(901)], new(901, Bonus, 5));
            assert_eq!(account.available(day(25)), krw(10 + 12));
            assert_eq!(account.available(day(55)), krw(10));
            assert_eq!(spending.left(), Ok(krw(5)));
        }
    }

    #[test]
    fn refuses_more_than_was_taken_and_what_is_no_amount() {
        let mut account = account(vec![lot(1, Charged, 100, None, 0)]);
        let (_, mut spending) = spend(&mut account, 500, 60, 0);
        give_back(&mut account, 20, &mut spending, 0).unwrap();
        let (kept, asked) = (account.clone(), spending.clone());
        for (amount, refusal) in [
            (41, GiveBackRefusal::MoreThanTaken { left: krw(40) }),
            (i64::MAX, GiveBackRefusal::MoreThanTaken { left: krw(40) }),
            (-1, GiveBackRefusal::Negative),
            (i64::MIN, GiveBackRefusal::Negative),
        ] {
            assert_eq!(give_back(&mut account, amount, &mut spending, 0), Err(refusal), "{amount}");
        }
        let usd = Money::new(1, "USD".parse().unwrap());
        let mismatch = MoneyError::CurrencyMismatch(Currency::KRW, usd.currency());
        assert_eq!(
            account.give_back(id(800), || id(900), usd, &mut spending, day(0)),
            Err(GiveBackRefusal::Amount(mismatch))
        );
        let mut others = PointSpending { user: id(2), ..spending.clone() };
        assert_eq!(give_back(&mut account, 1, &mut others, 0), Err(GiveBackRefusal::OtherAccount));
        assert_eq!((account, spending), (kept, asked));
    }

    /// Hard case 20, and what no storage should ever hand in.
    #[test]
    fn a_refusal_changes_nothing_though_it_comes_half_way() {
        let mut full = account(vec![lot(1, Charged, i64::MAX, None, 0)]);
        let taken = |n, amount| TakenFromLot { lot: lot(n, Charged, 10, None, 0), amount: krw(amount) };
        let spending = |taken| PointSpending {
            payment: id(500),
            order: id(501),
            user: full.user,
            taken,
            given_back: krw(0),
        };
        let kept = full.clone();
        let mut too_large = spending(vec![taken(2, 1)]);
        let mut overfull = spending(vec![taken(3, 11), taken(4, 5)]);
        assert_eq!(
            give_back(&mut full, 1, &mut too_large, 0),
            Err(GiveBackRefusal::Amount(MoneyError::Overflow))
        );
        assert_eq!(full, kept);
        let mut empty = account(vec![]);
        assert_eq!(
            give_back(&mut empty, 16, &mut overfull, 0),
            Err(GiveBackRefusal::LotOverfull { lot: id(3) })
        );
        assert_eq!((empty, overfull.given_back), (account(vec![]), krw(0)));
    }

    #[derive(Debug, Clone)]
    enum Step {
        Charge(i64),
        Grant(i64, i64),
        Spend(u8),
        /// Of which payment, and how many hundredths of what is left.
        GiveBack(prop::sample::Index, u8),
        Wait(i64),
        Expire,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            2 => (1_000_i64..100_000).prop_map(Step::Charge),
            2 => (1_i64..50_000, 1_i64..20).prop_map(|(amount, days)| Step::Grant(amount, days)),
            3 => (0_u8..=100).prop_map(Step::Spend),
            4 => (any::<prop::sample::Index>(), 0_u8..=100).prop_map(|(which, part)| Step::GiveBack(which, part)),
            1 => (1_i64..10).prop_map(Step::Wait),
            1 => Just(Step::Expire),
        ];
        prop::collection::vec(step, 0..60)
    }

    fn hundredths(of: Money, part: u8) -> i64 {
        of.amount() * i64::from(part) / 100
    }

    fn lots() -> impl Strategy<Value = Vec<PointLot>> {
        let one = (1_i64..1_000, any::<bool>(), prop::option::of(10_i64..20), 0_i64..5);
        prop::collection::vec(one, 1..8).prop_map(|lots| {
            let kind = |bonus| if bonus { Bonus } else { Charged };
            let lots = (1..).zip(lots);
            lots.map(|(n, (amount, bonus, expires, created))| lot(n, kind(bonus), amount, expires, created))
                .collect()
        })
    }

    proptest! {
        #[test]
        fn whatever_is_given_back_the_balance_is_its_lots_and_its_history(steps in steps()) {
            let limits = PointLimits { max_balance: 400_000, ..PointLimits::default() };
            let mut account = account(vec![]);
            let (mut history, mut spendings) = (Vec::<PointEntry>::new(), Vec::<PointSpending>::new());
            let (mut now, mut next) = (0, 10_000);
            for step in steps {
                next += 100;
                match step {
                    Step::Charge(amount) => history.extend(account.charge(id(next), id(next + 1), krw(amount), None, &limits, day(now)).ok()),
                    Step::Grant(amount, days) => history.extend(
                        account.grant(id(next), id(next + 1), krw(amount), day(now + days), "sorry".into(), &limits, day(now)).ok(),
                    ),
                    Step::Spend(part) => {
                        let amount = hundredths(account.available(day(now)), part);
                        let (entry, spending) = spend(&mut account, next, amount, now);
                        history.push(entry);
                        spendings.push(spending);
                    }
                    Step::GiveBack(which, part) if !spendings.is_empty() => {
                        let spending = which.get_mut(&mut spendings);
                        let amount = hundredths(spending.left().unwrap(), part);
                        let available = account.available(day(now));
                        let mut new_lots = (next + 1..).map(id);
                        let entry = account.give_back(id(next), || new_lots.next().unwrap(), krw(amount), spending, day(now)).unwrap();
                        // What comes back can be spent, though its lot has expired.
                        prop_assert_eq!(account.available(day(now)), available.plus(krw(amount)).unwrap());
                        prop_assert!(entry.new_lots.iter().all(|lot| lot.expires_at == Some(day(now + 30))));
                        history.push(entry);
                    }
                    Step::GiveBack(..) => {}
                    Step::Wait(days) => now += days,
                    Step::Expire => history.extend(account.expire_due(|| { next += 1; id(next) }, day(now))),
                }
                let lots: i64 = account.lots.iter().map(|lot| lot.remaining.amount()).sum();
                let moved: i64 = history.iter().map(|entry| entry.amount.amount()).sum();
                prop_assert_eq!(account.balance.amount(), lots);
                prop_assert_eq!(account.balance.amount(), moved);
                prop_assert!(account.lots.iter().all(|lot| (1..=lot.amount.amount()).contains(&lot.remaining.amount())));
                prop_assert_eq!(by_id(&account).len(), account.lots.len());
            }
            for (n, entry) in (1..).zip(&history) {
                prop_assert_eq!(entry.sequence, n);
                prop_assert_eq!(entry.movements.iter().map(|movement| movement.amount.amount()).sum::<i64>(), entry.amount.amount());
            }
        }

        #[test]
        fn any_split_gives_the_same_lots_the_same_amounts(lots in lots(), share in 0_u8..=100, parts in prop::collection::vec(0_u8..=100, 0..6)) {
            let mut account = account(lots);
            let before = by_id(&account);
            let spent = hundredths(account.balance, share);
            let (entry, mut spending) = spend(&mut account, 500, spent, 1);
            let (after_spending, untouched) = (account.clone(), spending.clone());

            let mut moved = Vec::new();
            for part in parts {
                let amount = hundredths(spending.left().unwrap(), part);
                moved.extend(give_back(&mut account, amount, &mut spending, 2).unwrap());
                // The same as if all so far had come back at once.
                let (mut at_once, mut spending_at_once) = (after_spending.clone(), untouched.clone());
                give_back(&mut at_once, spending.given_back.amount(), &mut spending_at_once, 2).unwrap();
                prop_assert_eq!(by_id(&at_once), by_id(&account));
            }
            let rest = spending.left().unwrap().amount();
            moved.extend(give_back(&mut account, rest, &mut spending, 9).unwrap());
            prop_assert_eq!(by_id(&account), before);

            // Lot after lot, the last one that was spent from comes first.
            let mut by_lot: Vec<(PointLotId, i64)> = Vec::new();
            for (lot, amount) in moved {
                match by_lot.last_mut() {
                    Some((last, sum)) if *last == lot => *sum += amount,
                    _ => by_lot.push((lot, amount)),
                }
            }
            let taken: Vec<_> = entry.movements.iter().rev().map(|movement| (movement.lot, -movement.amount.amount())).collect();
            prop_assert_eq!(by_lot, taken);
        }
    }
}
