//! Counting sales: the batch that keeps the daily roll-ups (ADR-033).

use std::collections::BTreeSet;

use jangteo_ranking::{DailySales, SalesKey, SalesRepository};
use jangteo_shared_kernel::{BusinessZone, StorageError, UnitOfWork};

use crate::lease::lock_alone;
use crate::{LeaseName, LeaseRepository, SetUseCase, Sources, submit};

/// How many sales are counted in one transaction, so that a shop that is busy never waits long.
const BATCH: u32 = 1_000;

/// Counts the uncounted sales, in small transactions, and says how many there were. Several instances may do so: one
/// counts at a time, and each sale is counted once.
pub async fn count_sales<U>(uow: &U, sources: &Sources, zone: BusinessZone) -> Result<u64, StorageError>
where
    U: UnitOfWork,
    U::Tx: SalesRepository + LeaseRepository,
{
    let mut counted = 0;
    loop {
        let batch = submit(uow, &CountSales { sources: sources.clone(), zone }, sources, BATCH).await?;
        counted += u64::from(batch);
        if batch < BATCH {
            return Ok(counted);
        }
    }
}

/// Counts at most so many sales; the verdict is how many there were.
struct CountSales {
    sources: Sources,
    zone: BusinessZone,
}

impl<Tx> SetUseCase<Tx> for CountSales
where
    Tx: SalesRepository + LeaseRepository,
{
    type Command = u32;
    type Verdict = u32;

    async fn decide(&self, tx: &mut Tx, commands: &[u32]) -> Result<Vec<u32>, StorageError> {
        lock_alone(tx, LeaseName::SalesCount, &self.sources).await?;
        let mut counts = Vec::with_capacity(commands.len());
        for most in commands {
            counts.push(self.count(tx, *most).await?);
        }
        Ok(counts)
    }
}

impl CountSales {
    /// Takes sales away from the uncounted and adds them to the roll-ups. No mark of time says how far it has come, so a
    /// sale that commits late is found like any other.
    async fn count(&self, tx: &mut impl SalesRepository, most: u32) -> Result<u32, StorageError> {
        let sales = tx.list_uncounted_sales(most).await?;
        let oldest = sales.first().map(|sale| sale.noted_at);
        self.sources.meters().ranking_lag.since(oldest, self.sources.now());
        let keys: BTreeSet<SalesKey> = sales.iter().map(|sale| sale.key(self.zone)).collect();
        let mut roll_ups = tx.find_roll_ups(&keys).await?;
        let known: BTreeSet<SalesKey> = roll_ups.keys().copied().collect();
        for sale in &sales {
            let key = sale.key(self.zone);
            let roll_up = roll_ups.entry(key).or_insert_with(|| DailySales::of_nothing(key));
            roll_up.count(sale).map_err(|error| StorageError::Fatal(error.into()))?;
        }
        let gone = known.iter().filter(|key| roll_ups.get(key).is_some_and(DailySales::is_nothing));
        let gone: BTreeSet<SalesKey> = gone.copied().collect();
        let kept = roll_ups.into_values().filter(|roll_up| !roll_up.is_nothing());
        let (changed, new): (Vec<_>, Vec<_>) = kept.partition(|roll_up| known.contains(&roll_up.key()));
        tx.save_roll_ups(&changed).await?;
        tx.replace_roll_ups(&gone, &new).await?;
        tx.delete_uncounted_sales(&sales).await?;
        Ok(u32::try_from(sales.len()).unwrap_or(u32::MAX))
    }
}
