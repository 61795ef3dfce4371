//! Granting points: an operator gives them, with an expiry and a reason.

use jangteo_point::{GrantRefusal, PointEntry, PointLimits, PointRepository};
use jangteo_shared_kernel::{Money, StorageError, Timestamp, UserId};

use crate::idempotency::AnswerLedger;
use crate::outbox::tell;
use crate::points::PointBook;
use crate::{Answer, IdempotencyRepository, Outbox, RequestMark, SetUseCase, Sources, Verdict};

/// An operator grants points to an account.
#[derive(Debug, Clone)]
pub struct GrantPoints {
    /// Whose account.
    pub user: UserId,
    /// How much, in the business currency.
    pub amount: Money,
    /// From then on they cannot be spent.
    pub expires_at: Timestamp,
    /// Why.
    pub reason: String,
    /// Which request it came from.
    pub mark: RequestMark,
}

/// Why points were not granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GrantPointsRefusal {
    /// There is no such account.
    #[error("there is no such account")]
    AccountNotFound,
    /// The account does not take them.
    #[error(transparent)]
    Grant(#[from] GrantRefusal),
}

/// Grants points.
#[derive(Debug, Clone)]
pub struct GrantPointAccounts {
    /// Time and chance.
    pub sources: Sources,
    /// What an account may take.
    pub limits: PointLimits,
    /// Turns an entry of the history into the answer that the operator gets.
    pub render: fn(&PointEntry) -> Answer,
}

impl<Tx> SetUseCase<Tx> for GrantPointAccounts
where
    Tx: PointRepository + IdempotencyRepository + Outbox,
{
    type Command = GrantPoints;
    type Verdict = Verdict<PointEntry, GrantPointsRefusal>;

    async fn decide(
        &self,
        tx: &mut Tx,
        commands: &[GrantPoints],
    ) -> Result<Vec<Self::Verdict>, StorageError> {
        let mut points = PointBook::lock(tx, commands.iter().map(|command| command.user)).await?;
        let mut ledger = AnswerLedger::read(tx, commands.iter().map(|command| &command.mark)).await?;
        let now = self.sources.now();
        let verdicts = commands
            .iter()
            .map(|command| {
                ledger.settle(&command.mark, now, || {
                    let entry = self.grant(&mut points, command, now)?;
                    let answer = (self.render)(&entry);
                    Ok((entry, answer))
                })
            })
            .collect();
        let events = points.save(tx, &self.sources).await?;
        ledger.save(tx).await?;
        tell(tx, events).await?;
        Ok(verdicts)
    }
}

impl GrantPointAccounts {
    fn grant(
        &self,
        points: &mut PointBook,
        command: &GrantPoints,
        now: Timestamp,
    ) -> Result<PointEntry, GrantPointsRefusal> {
        let account =
            points.current(command.user, &self.sources, now).ok_or(GrantPointsRefusal::AccountNotFound)?;
        let (entry, lot) = (self.sources.id(now), self.sources.id(now));
        let entry = account.grant(
            entry,
            lot,
            command.amount,
            command.expires_at,
            command.reason.clone(),
            &self.limits,
            now,
        )?;
        points.add([entry.clone()]);
        Ok(entry)
    }
}
