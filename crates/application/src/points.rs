//! What the point use cases share: an account is locked, brought up to date, and told about.

use std::collections::BTreeSet;

use jangteo_point::{
    GiveBackRefusal, PointAccount, PointAccounts, PointEntry, PointEntryKind, PointRepository, PointSpendings,
};
use jangteo_shared_kernel::{Money, OrderId, PaymentId, PointHistoryId, StorageError, Timestamp, UserId};
use serde::Serialize;

use crate::changed::changed;
use crate::idempotency::AnswerLedger;
use crate::outbox::{event, tell};
use crate::{
    Aggregate, Answer, Event, EventKind, IdempotencyRepository, Outbox, RequestMark, Sources, Verdict,
};

/// A command that adds one entry to one account, as a charge and a grant do.
pub(crate) trait PointCommand {
    /// Why it may be refused.
    type Refusal;

    /// Whose account.
    fn user(&self) -> UserId;

    /// Which request it came from.
    fn mark(&self) -> &RequestMark;

    /// The refusal when there is no such account.
    fn no_account() -> Self::Refusal;
}

/// Decides a set of such commands: locks the accounts, lets `enter` decide each, saves.
pub(crate) async fn add_entries<Tx, C: PointCommand>(
    tx: &mut Tx,
    sources: &Sources,
    render: fn(&PointEntry) -> Answer,
    commands: &[C],
    enter: impl Fn(&mut PointAccount, &C, Timestamp) -> Result<PointEntry, C::Refusal>,
) -> Result<Vec<Verdict<PointEntry, C::Refusal>>, StorageError>
where
    Tx: PointRepository + IdempotencyRepository + Outbox,
{
    let mut points = PointBook::lock(tx, commands.iter().map(PointCommand::user)).await?;
    let mut ledger = AnswerLedger::read(tx, commands.iter().map(PointCommand::mark)).await?;
    let now = sources.now();
    let verdicts = commands
        .iter()
        .map(|command| {
            ledger.settle(command.mark(), now, || {
                let account = points.current(command.user(), sources, now).ok_or_else(C::no_account)?;
                let entry = enter(account, command, now)?;
                points.add([entry.clone()]);
                let answer = render(&entry);
                Ok((entry, answer))
            })
        })
        .collect();
    let events = points.save(tx, sources).await?;
    ledger.save(tx).await?;
    tell(tx, events).await?;
    Ok(verdicts)
}

/// Locked accounts and the entries that a set of commands adds to them.
pub(crate) struct PointBook {
    accounts: PointAccounts,
    spendings: PointSpendings,
    entries: Vec<PointEntry>,
}

impl PointBook {
    pub(crate) async fn lock(
        tx: &mut impl PointRepository,
        users: impl Iterator<Item = UserId>,
    ) -> Result<Self, StorageError> {
        Ok(Self::of(tx.lock_point_accounts(&users.collect()).await?))
    }

    /// Locks the accounts and then reads what these payments took from them, to give points back.
    pub(crate) async fn lock_to_give_back(
        tx: &mut impl PointRepository,
        users: impl Iterator<Item = UserId>,
        payments: impl Iterator<Item = PaymentId>,
    ) -> Result<Self, StorageError> {
        let book = Self::lock(tx, users).await?;
        Ok(Self { spendings: tx.find_point_spendings(&payments.collect()).await?, ..book })
    }

    /// Accounts that are locked already.
    pub(crate) fn of(accounts: PointAccounts) -> Self {
        Self { accounts, spendings: PointSpendings::new(), entries: Vec::new() }
    }

    /// The account with its expired lots written off; `None` if the user has none.
    pub(crate) fn current(
        &mut self,
        user: UserId,
        sources: &Sources,
        now: Timestamp,
    ) -> Option<&mut PointAccount> {
        let account = self.accounts.get_mut(&user)?;
        self.entries.extend(account.expire_due(|| sources.id(now), now));
        Some(account)
    }

    /// The account as it was read or left; `None` if the user has none.
    pub(crate) fn account(&mut self, user: UserId) -> Option<&mut PointAccount> {
        self.accounts.get_mut(&user)
    }

    /// Gives points of a payment back, after what has expired of the account was written off. Nothing is no entry. A
    /// payment that took no points of an account that is locked here has nothing left to give back.
    pub(crate) fn give_back(
        &mut self,
        payment: PaymentId,
        amount: Money,
        sources: &Sources,
        now: Timestamp,
    ) -> Result<(), GiveBackRefusal> {
        if amount.is_zero() {
            return Ok(());
        }
        let nothing = GiveBackRefusal::MoreThanTaken { left: Money::zero(amount.currency()) };
        let spending = self.spendings.get_mut(&payment).ok_or(nothing)?;
        let account = self.accounts.get_mut(&spending.user).ok_or(nothing)?;
        self.entries.extend(account.expire_due(|| sources.id(now), now));
        self.entries.push(account.give_back(sources.id(now), || sources.id(now), amount, spending, now)?);
        Ok(())
    }

    /// Writes off what has expired of all accounts, and says how many lots.
    pub(crate) fn expire_due(&mut self, sources: &Sources, now: Timestamp) -> usize {
        let before = self.entries.len();
        for account in self.accounts.values_mut() {
            self.entries.extend(account.expire_due(|| sources.id(now), now));
        }
        self.entries.len() - before
    }

    pub(crate) fn add(&mut self, entries: impl IntoIterator<Item = PointEntry>) {
        self.entries.extend(entries);
    }

    /// Saves what changed, and tells it.
    pub(crate) async fn save(
        &self,
        tx: &mut impl PointRepository,
        sources: &Sources,
    ) -> Result<Vec<Event>, StorageError> {
        let users: BTreeSet<UserId> = self.entries.iter().map(|entry| entry.user).collect();
        if !users.is_empty() {
            tx.save_points(&changed(&self.accounts, &users), &self.entries).await?;
        }
        Ok(self.entries.iter().map(|entry| told(sources, entry)).collect())
    }
}

/// What the event of an entry tells.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Moved {
    history_id: PointHistoryId,
    amount: Money,
    balance: Money,
    order_id: Option<OrderId>,
    payment_id: Option<PaymentId>,
}

fn told(sources: &Sources, entry: &PointEntry) -> Event {
    let kind = match entry.kind {
        PointEntryKind::Charged => EventKind::PointCharged,
        PointEntryKind::Granted => EventKind::PointGranted,
        PointEntryKind::Spent => EventKind::PointSpent,
        PointEntryKind::Refunded => EventKind::PointRefunded,
        PointEntryKind::Expired => EventKind::PointExpired,
    };
    let data = Moved {
        history_id: entry.id,
        amount: entry.amount,
        balance: entry.balance,
        order_id: entry.order,
        payment_id: entry.payment,
    };
    event(sources, entry.created_at, kind, (Aggregate::PointAccount, entry.user, entry.sequence), data)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use chrono::TimeDelta;
    use jangteo_point::{PointLimits, PointQueries};
    use jangteo_shared_kernel::{Clock, Currency, Entropy, Limit, PageRequest, Transaction, UnitOfWork};
    use jangteo_storage_memory::MemoryStorage;

    use super::*;

    struct Fixed;

    impl Clock for Fixed {
        fn now(&self) -> Timestamp {
            Timestamp::UNIX_EPOCH
        }
    }

    /// Other bytes each time.
    #[derive(Default)]
    struct Counting(AtomicU64);

    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            let next = self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes();
            bytes.iter_mut().rev().zip(next.iter().rev()).for_each(|(byte, next)| *byte = *next);
        }
    }

    fn krw(amount: i64) -> Money {
        Money::new(amount, Currency::KRW)
    }

    /// A user who was granted 700 points for a day, charged 5,000 and spent 1,500 of them all on one payment.
    async fn spent(storage: &MemoryStorage, sources: &Sources) -> (UserId, PaymentId) {
        let now = sources.now();
        let (user, payment) = (sources.id(now), sources.id(now));
        let mut tx = storage.begin().await.unwrap();
        let mut account = PointAccount::open(user, Currency::KRW);
        tx.insert_point_accounts(&[account.clone()]).await.unwrap();
        let limits = PointLimits::default();
        let tomorrow = now + TimeDelta::days(1);
        let entries = [
            account
                .grant(sources.id(now), sources.id(now), krw(700), tomorrow, "welcome".into(), &limits, now)
                .unwrap(),
            account.charge(sources.id(now), sources.id(now), krw(5_000), None, &limits, now).unwrap(),
            account.spend(sources.id(now), krw(1_500), (payment, sources.id(now)), now).unwrap(),
        ];
        tx.save_points(&[account], &entries).await.unwrap();
        tx.commit().await.unwrap();
        (user, payment)
    }

    async fn account(storage: &MemoryStorage, user: UserId) -> PointAccount {
        storage.find_point_account(user).await.unwrap().unwrap()
    }

    /// Hard case 9, as a refund in two parts would do it: the second comes after the lot of the grant has expired.
    #[tokio::test]
    async fn hard_case_9_gives_back_in_parts_around_an_expiry() {
        let (storage, sources) =
            (MemoryStorage::new(), Sources::new(Arc::new(Fixed), Arc::new(Counting::default())));
        let (user, payment) = spent(&storage, &sources).await;
        let now = sources.now();
        for (amount, at, balance) in [(1_000, now, 5_200), (500, now + TimeDelta::days(1), 5_500)] {
            let mut tx = storage.begin().await.unwrap();
            let mut points = PointBook::lock_to_give_back(&mut tx, [user].into_iter(), [payment].into_iter())
                .await
                .unwrap();
            points.give_back(payment, krw(0), &sources, at).unwrap();
            points.give_back(payment, krw(amount - 1), &sources, at).unwrap();
            points.give_back(payment, krw(1), &sources, at).unwrap();
            points.save(&mut tx, &sources).await.unwrap();
            tx.commit().await.unwrap();
            assert_eq!(account(&storage, user).await.balance, krw(balance));
        }
        let page = PageRequest { limit: Limit::DEFAULT, after: None };
        let history = storage.list_point_history(user, &page).await.unwrap().items;
        let told: Vec<_> = history.iter().map(|entry| (entry.kind, entry.amount.amount())).collect();
        let refunded = PointEntryKind::Refunded;
        assert_eq!(
            told[..5],
            [(refunded, 1), (refunded, 499), (PointEntryKind::Expired, -200), (refunded, 1), (refunded, 999)]
        );
        let lots = account(&storage, user).await.lots;
        let month = now + TimeDelta::days(31);
        let mut kept: Vec<_> = lots.iter().map(|lot| (lot.remaining.amount(), lot.expires_at)).collect();
        kept.sort_unstable();
        assert_eq!(kept, [(1, Some(month)), (499, Some(month)), (5_000, None)]);
    }

    #[tokio::test]
    async fn a_payment_without_points_or_a_user_without_an_account_has_nothing_to_give_back() {
        let (storage, sources) =
            (MemoryStorage::new(), Sources::new(Arc::new(Fixed), Arc::new(Counting::default())));
        let (user, payment) = spent(&storage, &sources).await;
        let (before, now) = (account(&storage, user).await, sources.now());
        let (stranger, unknown) = (sources.id(now), sources.id(now));
        let mut tx = storage.begin().await.unwrap();
        let users = [user, stranger].into_iter();
        let mut points =
            PointBook::lock_to_give_back(&mut tx, users, [payment, unknown].into_iter()).await.unwrap();
        let nothing = |left| Err(GiveBackRefusal::MoreThanTaken { left: krw(left) });
        assert_eq!(points.give_back(unknown, krw(1), &sources, now), nothing(0));
        assert_eq!(points.give_back(unknown, krw(0), &sources, now), Ok(()));
        assert_eq!(points.give_back(payment, krw(1_501), &sources, now), nothing(1_500));
        assert_eq!(points.save(&mut tx, &sources).await.unwrap().len(), 0);
        tx.commit().await.unwrap();
        assert_eq!(account(&storage, user).await, before);
    }
}
