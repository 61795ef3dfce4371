//! Granting points: an operator gives them, with an expiry and a reason.

use jangteo_point::{GrantRefusal, PointEntry, PointLimits, PointRepository};
use jangteo_shared_kernel::{Money, StorageError, Timestamp, UserId};

use crate::points::{self, PointCommand};
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
        points::add_entries(tx, &self.sources, self.render, commands, |account, command, now| {
            let (entry, lot) = (self.sources.id(now), self.sources.id(now));
            let reason = command.reason.clone();
            Ok(account.grant(entry, lot, command.amount, command.expires_at, reason, &self.limits, now)?)
        })
        .await
    }
}

impl PointCommand for GrantPoints {
    type Refusal = GrantPointsRefusal;

    fn user(&self) -> UserId {
        self.user
    }

    fn mark(&self) -> &RequestMark {
        &self.mark
    }

    fn no_account() -> GrantPointsRefusal {
        GrantPointsRefusal::AccountNotFound
    }
}
