//! Points that go.

use jangteo_shared_kernel::{Money, OrderId, PaymentId, PointHistoryId, Timestamp};

use crate::account::Draft;
use crate::{LotMovement, PointAccount, PointEntry, PointEntryKind, PointLot};

/// There are fewer points than asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("only {available} in points")]
pub struct SpendRefusal {
    /// What can be spent.
    pub available: Money,
}

impl PointAccount {
    /// Whether so much can be spent at `now`.
    pub fn check_spendable(&self, amount: Money, now: Timestamp) -> Result<(), SpendRefusal> {
        let available = self.available(now);
        let holds =
            amount.currency() == available.currency() && (0..=available.amount()).contains(&amount.amount());
        if holds { Ok(()) } else { Err(SpendRefusal { available }) }
    }

    /// Takes points for a payment out of the lots: the one that expires first, then BONUS before CHARGED, then the
    /// older. Spending nothing is an entry of zero without movements.
    pub fn spend(
        &mut self,
        entry: PointHistoryId,
        amount: Money,
        (payment, order): (PaymentId, OrderId),
        now: Timestamp,
    ) -> Result<PointEntry, SpendRefusal> {
        self.check_spendable(amount, now)?;
        let currency = self.balance.currency();
        self.lots.sort_by(PointLot::before);
        let mut left = amount.amount();
        let mut movements = Vec::new();
        for lot in self.lots.iter_mut().filter(|lot| lot.is_live(now)) {
            if left == 0 {
                break;
            }
            let taken = left.min(lot.remaining.amount());
            left -= taken;
            lot.remaining = Money::new(lot.remaining.amount() - taken, currency);
            movements.push(LotMovement { lot: lot.id, amount: Money::new(-taken, currency) });
        }
        // The amount is covered by the available part of the balance, so neither difference can overflow.
        let balance = Money::new(self.balance.amount() - amount.amount(), currency);
        let spent = Money::new(-amount.amount(), currency);
        let draft = Draft { id: entry, kind: PointEntryKind::Spent, amount: spent, created_at: now };
        let entry = self.enter(&draft, balance, movements);
        Ok(PointEntry { payment: Some(payment), order: Some(order), ..entry })
    }
}

#[cfg(test)]
mod tests {
    use jangteo_shared_kernel::PointLotId;
    use proptest::prelude::*;

    use super::*;
    use crate::PointLimits;
    use crate::PointLotKind::{Bonus, Charged};
    use crate::testing::{account, day, id, krw, lot};

    fn spend(
        account: &mut PointAccount,
        amount: i64,
        now: i64,
    ) -> Result<Vec<(PointLotId, i64)>, SpendRefusal> {
        let entry = account.spend(id(500), krw(amount), (id(501), id(502)), day(now))?;
        Ok(entry.movements.iter().map(|movement| (movement.lot, movement.amount.amount())).collect())
    }

    #[test]
    fn spends_what_expires_first_then_bonus_then_the_older() {
        let mut account = account(vec![
            lot(1, Charged, 10, None, 0),
            lot(2, Bonus, 10, None, 5),
            lot(3, Charged, 10, Some(20), 1),
            lot(4, Bonus, 10, Some(20), 3),
            lot(5, Bonus, 10, Some(20), 2),
            lot(6, Bonus, 10, Some(30), 0),
        ]);
        let taken = spend(&mut account, 55, 10).unwrap();
        let order: Vec<_> = taken.iter().map(|(lot, _)| *lot).collect();
        assert_eq!(order, [id(5), id(4), id(3), id(6), id(2), id(1)]);
        assert_eq!(taken.last(), Some(&(id(1), -5)));
        assert_eq!((account.balance, account.lots.len()), (krw(5), 1));
    }

    #[test]
    fn an_expired_lot_cannot_be_spent_even_if_nobody_wrote_so() {
        let mut account = account(vec![lot(1, Bonus, 100, Some(10), 0), lot(2, Charged, 5, None, 0)]);
        assert_eq!(account.available(day(10)), krw(5));
        assert_eq!(spend(&mut account, 6, 10), Err(SpendRefusal { available: krw(5) }));
        assert_eq!(spend(&mut account, 5, 10).unwrap(), [(id(2), -5)]);
        assert_eq!(account.balance, krw(100));
    }

    #[test]
    fn never_overdraws_and_never_takes_below_zero() {
        let mut account = account(vec![lot(1, Charged, 100, None, 0)]);
        for amount in [101, i64::MAX, -1, i64::MIN] {
            assert_eq!(spend(&mut account, amount, 0), Err(SpendRefusal { available: krw(100) }), "{amount}");
        }
        let usd = Money::new(1, "USD".parse().unwrap());
        assert!(account.check_spendable(usd, day(0)).is_err());
    }

    #[derive(Debug, Clone)]
    enum Step {
        Charge(i64),
        Grant(i64, i64),
        Spend(i64),
        Wait(i64),
        Expire,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            (900_i64..100_000).prop_map(Step::Charge),
            (1_i64..50_000, 1_i64..20).prop_map(|(amount, days)| Step::Grant(amount, days)),
            (0_i64..120_000).prop_map(Step::Spend),
            (1_i64..10).prop_map(Step::Wait),
            Just(Step::Expire),
        ];
        prop::collection::vec(step, 0..40)
    }

    proptest! {
        #[test]
        fn the_balance_is_its_lots_and_its_history(steps in steps()) {
            let limits = PointLimits { max_balance: 300_000, ..PointLimits::default() };
            let mut account = account(vec![]);
            let (mut history, mut now, mut next) = (Vec::<PointEntry>::new(), 0, 1_000);
            for step in steps {
                next += 2;
                match step {
                    Step::Charge(amount) => history.extend(account.charge(id(next), id(next + 1), krw(amount), None, &limits, day(now)).ok()),
                    Step::Grant(amount, days) => history.extend(
                        account.grant(id(next), id(next + 1), krw(amount), day(now + days), "sorry".into(), &limits, day(now)).ok(),
                    ),
                    Step::Spend(amount) => {
                        let available = account.available(day(now));
                        let spent = account.spend(id(next), krw(amount), (id(1), id(2)), day(now));
                        prop_assert_eq!(spent.is_ok(), amount <= available.amount());
                        history.extend(spent.ok());
                    }
                    Step::Wait(days) => now += days,
                    Step::Expire => history.extend(account.expire_due(|| { next += 1; id(next) }, day(now))),
                }
                let lots: i64 = account.lots.iter().map(|lot| lot.remaining.amount()).sum();
                let moved: i64 = history.iter().map(|entry| entry.amount.amount()).sum();
                prop_assert_eq!(account.balance.amount(), lots);
                prop_assert_eq!(account.balance.amount(), moved);
                prop_assert!(account.lots.iter().all(|lot| lot.remaining.amount() > 0));
                prop_assert!((0..=limits.max_balance).contains(&account.balance.amount()));
            }
            for (n, entry) in (1..).zip(&history) {
                prop_assert_eq!(entry.sequence, n);
                prop_assert_eq!(entry.movements.iter().map(|movement| movement.amount.amount()).sum::<i64>(), entry.amount.amount());
            }
        }
    }
}
