//! Charging points: the customer's own money in.

use jangteo_point::{ChargeRefusal, PointEntry, PointLimits, PointRepository};
use jangteo_shared_kernel::{Money, StorageError, Timestamp, UserId};

use crate::idempotency::AnswerLedger;
use crate::outbox::tell;
use crate::points::PointBook;
use crate::{Answer, IdempotencyRepository, Outbox, RequestMark, SetUseCase, Sources, Verdict};

/// Points are charged to an account.
#[derive(Debug, Clone)]
pub struct ChargePoints {
    /// Whose account.
    pub user: UserId,
    /// How much, in the business currency.
    pub amount: Money,
    /// Which request it came from.
    pub mark: RequestMark,
}

/// Why points were not charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChargePointsRefusal {
    /// There is no such account.
    #[error("there is no such account")]
    AccountNotFound,
    /// The account does not take them.
    #[error(transparent)]
    Charge(#[from] ChargeRefusal),
}

/// Charges points.
#[derive(Debug, Clone)]
pub struct ChargePointAccounts {
    /// Time and chance.
    pub sources: Sources,
    /// What an account may take.
    pub limits: PointLimits,
    /// Turns an entry of the history into the answer that its customer gets.
    pub render: fn(&PointEntry) -> Answer,
}

impl<Tx> SetUseCase<Tx> for ChargePointAccounts
where
    Tx: PointRepository + IdempotencyRepository + Outbox,
{
    type Command = ChargePoints;
    type Verdict = Verdict<PointEntry, ChargePointsRefusal>;

    async fn decide(
        &self,
        tx: &mut Tx,
        commands: &[ChargePoints],
    ) -> Result<Vec<Self::Verdict>, StorageError> {
        let mut points = PointBook::lock(tx, commands.iter().map(|command| command.user)).await?;
        let mut ledger = AnswerLedger::read(tx, commands.iter().map(|command| &command.mark)).await?;
        let now = self.sources.now();
        let verdicts = commands
            .iter()
            .map(|command| {
                ledger.settle(&command.mark, now, || {
                    let entry = self.charge(&mut points, command, now)?;
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

impl ChargePointAccounts {
    fn charge(
        &self,
        points: &mut PointBook,
        command: &ChargePoints,
        now: Timestamp,
    ) -> Result<PointEntry, ChargePointsRefusal> {
        let account =
            points.current(command.user, &self.sources, now).ok_or(ChargePointsRefusal::AccountNotFound)?;
        let (entry, lot) = (self.sources.id(now), self.sources.id(now));
        let entry = account.charge(entry, lot, command.amount, None, &self.limits, now)?;
        points.add([entry.clone()]);
        Ok(entry)
    }
}
