//! What the point use cases share: an account is locked, brought up to date, and told about.

use std::collections::BTreeSet;

use jangteo_point::{PointAccount, PointAccounts, PointEntry, PointEntryKind, PointRepository};
use jangteo_shared_kernel::{StorageError, Timestamp, UserId};
use serde_json::json;

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
    entries: Vec<PointEntry>,
}

impl PointBook {
    pub(crate) async fn lock(
        tx: &mut impl PointRepository,
        users: impl Iterator<Item = UserId>,
    ) -> Result<Self, StorageError> {
        Ok(Self { accounts: tx.lock_point_accounts(&users.collect()).await?, entries: Vec::new() })
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

fn told(sources: &Sources, entry: &PointEntry) -> Event {
    let kind = match entry.kind {
        PointEntryKind::Charged => EventKind::PointCharged,
        PointEntryKind::Granted => EventKind::PointGranted,
        PointEntryKind::Spent => EventKind::PointSpent,
        PointEntryKind::Refunded => EventKind::PointRefunded,
        PointEntryKind::Expired => EventKind::PointExpired,
    };
    let data = json!({
        "historyId": entry.id,
        "amount": entry.amount,
        "balance": entry.balance,
        "orderId": entry.order,
        "paymentId": entry.payment,
    });
    event(sources, entry.created_at, kind, (Aggregate::PointAccount, entry.user, entry.sequence), data)
}
