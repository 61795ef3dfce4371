//! Charging points: the customer's own money in.

use jangteo_point::{ChargeRefusal, PointEntry, PointLimits, PointRepository};
use jangteo_shared_kernel::{Money, StorageError, UserId};
use uuid::Uuid;

use crate::points::{self, PointCommand};
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

impl ChargePoints {
    /// The account that it locks, and who charges it, whose requests keep their order.
    #[must_use]
    pub fn subjects(&self) -> Vec<Uuid> {
        vec![self.user.as_uuid(), self.mark.user.as_uuid()]
    }
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
        points::add_entries(tx, &self.sources, self.render, commands, |account, command, now| {
            let (entry, lot) = (self.sources.id(now), self.sources.id(now));
            Ok(account.charge(entry, lot, command.amount, None, &self.limits, now)?)
        })
        .await
    }
}

impl PointCommand for ChargePoints {
    type Refusal = ChargePointsRefusal;

    fn user(&self) -> UserId {
        self.user
    }

    fn mark(&self) -> &RequestMark {
        &self.mark
    }

    fn no_account() -> ChargePointsRefusal {
        ChargePointsRefusal::AccountNotFound
    }
}
