//! Computing the roll-ups of a day anew (ADR-033).

use std::collections::BTreeSet;

use chrono::NaiveDate;
use jangteo_ranking::{DailySales, RollUps, SalesKey, SalesRepository};
use jangteo_shared_kernel::{BusinessZone, StorageError, UnitOfWork};

use crate::lease::lock_alone;
use crate::{LeaseName, LeaseRepository, SetUseCase, Sources, submit};

/// What a rebuild of a day found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rebuilt {
    /// How many roll-ups the day has now.
    pub roll_ups: usize,
    /// How many were missing, too many, or said something else. None, unless the business zone has changed or somebody
    /// has tampered with them.
    pub corrected: usize,
}

/// Computes the roll-ups of a business day anew from orders and refunds, while the shop runs, and puts right those that
/// differ. What is uncounted is left to [`crate::count_sales`], which waits meanwhile.
pub async fn rebuild_sales<U>(
    uow: &U,
    sources: &Sources,
    zone: BusinessZone,
    day: NaiveDate,
) -> Result<Rebuilt, StorageError>
where
    U: UnitOfWork,
    U::Tx: SalesRepository + LeaseRepository,
{
    submit(uow, &RebuildSales { sources: sources.clone(), zone }, sources, day).await
}

struct RebuildSales {
    sources: Sources,
    zone: BusinessZone,
}

impl<Tx> SetUseCase<Tx> for RebuildSales
where
    Tx: SalesRepository + LeaseRepository,
{
    type Command = NaiveDate;
    type Verdict = Rebuilt;

    async fn decide(&self, tx: &mut Tx, commands: &[NaiveDate]) -> Result<Vec<Rebuilt>, StorageError> {
        lock_alone(tx, LeaseName::SalesCount, &self.sources).await?;
        let mut rebuilt = Vec::with_capacity(commands.len());
        for day in commands {
            rebuilt.push(self.rebuild(tx, *day).await?);
        }
        Ok(rebuilt)
    }
}

impl RebuildSales {
    async fn rebuild(&self, tx: &mut impl SalesRepository, day: NaiveDate) -> Result<Rebuilt, StorageError> {
        // The ends of the calendar are no days that anything was sold on.
        let Some(span) = self.zone.day(day) else { return Ok(Rebuilt::default()) };
        let found = tx.find_roll_ups_of(day).await?;
        let sums = tx.sum_counted_sales(span).await?;
        let due = sums.iter().map(|sales| DailySales::of(day, sales)).filter(|sales| !sales.is_nothing());
        let due: RollUps = due.map(|sales| (sales.key(), sales)).collect();
        let keys = found.keys().chain(due.keys()).copied();
        let wrong: BTreeSet<SalesKey> = keys.filter(|key| found.get(key) != due.get(key)).collect();
        let right: Vec<DailySales> = wrong.iter().filter_map(|key| due.get(key).copied()).collect();
        tx.replace_roll_ups(&wrong, &right).await?;
        Ok(Rebuilt { roll_ups: due.len(), corrected: wrong.len() })
    }
}
