//! Points that are written off.

use jangteo_shared_kernel::{Money, PointHistoryId, Timestamp};

use crate::account::Draft;
use crate::{LotMovement, PointAccount, PointEntry, PointEntryKind, PointLot};

impl PointAccount {
    /// Writes off the lots that have expired by `now`, one entry each, the earliest first.
    pub fn expire_due(&mut self, new_id: impl FnMut() -> PointHistoryId, now: Timestamp) -> Vec<PointEntry> {
        self.write_off(new_id, now, |lot| !lot.is_live(now))
    }

    /// Writes off everything: the account is being closed.
    pub fn close(&mut self, new_id: impl FnMut() -> PointHistoryId, now: Timestamp) -> Vec<PointEntry> {
        self.write_off(new_id, now, |_| true)
    }

    fn write_off(
        &mut self,
        mut new_id: impl FnMut() -> PointHistoryId,
        now: Timestamp,
        goes: impl Fn(&PointLot) -> bool,
    ) -> Vec<PointEntry> {
        self.lots.sort_by(PointLot::before);
        let currency = self.balance.currency();
        let going: Vec<PointLot> = self.lots.iter().filter(|lot| goes(lot)).copied().collect();
        let mut entries = Vec::with_capacity(going.len());
        for lot in going {
            self.lots.retain(|other| other.id != lot.id);
            // Each lot is a part of the balance, so neither difference can overflow.
            let amount = Money::new(-lot.remaining.amount(), currency);
            let balance = Money::new(self.balance.amount() - lot.remaining.amount(), currency);
            let draft = Draft { id: new_id(), kind: PointEntryKind::Expired, amount, created_at: now };
            entries.push(self.enter(&draft, balance, vec![LotMovement { lot: lot.id, amount }]));
        }
        entries
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use crate::PointLimits;
    use crate::testing::{account, day, id, krw};

    #[test]
    fn writes_off_each_expired_lot_once_and_the_rest_on_closing() {
        let (now, later) = (day(0), day(1));
        let limits = PointLimits::default();
        let mut account = account(vec![]);
        account.grant(id(2), id(3), krw(700), later, "welcome".into(), &limits, now).unwrap();
        account.charge(id(4), id(5), krw(1_000), None, &limits, now).unwrap();

        assert_eq!(account.expire_due(|| id(6), later - TimeDelta::milliseconds(1)), []);
        let written = account.expire_due(|| id(6), later);
        assert_eq!(
            written.iter().map(|entry| (entry.amount, entry.balance)).collect::<Vec<_>>(),
            [(krw(-700), krw(1_000))]
        );
        assert_eq!(account.expire_due(|| id(6), later), []);

        assert_eq!(account.close(|| id(7), later).len(), 1);
        assert_eq!((account.balance, account.lots.len()), (krw(0), 0));
    }
}
