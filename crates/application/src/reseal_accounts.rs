//! Sealing personal data again under the current key, while the shop runs (ADR-040).

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error as _;
use std::time::Duration;

use jangteo_shared_kernel::{StorageError, UnitOfWork, UserId};
use jangteo_user::{SealedAccountQueries, User, UserQueries, UserRepository};
use tokio::time::sleep;

use crate::set_use_case::decide_set;
use crate::{SetUseCase, Sources};

/// How many accounts are looked at, and sealed at most, at once, so that nobody waits long for one of them.
const PAGE: u32 = 200;

/// How often a set is tried again that the storage had no time for, and after which pause.
const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_secs(1);

/// How many living accounts need which keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyUse(BTreeMap<BTreeSet<u32>, u64>);

impl KeyUse {
    /// How many accounts there are.
    #[must_use]
    pub fn accounts(&self) -> u64 {
        self.0.values().sum()
    }

    /// How many need this key.
    #[must_use]
    pub fn needing(&self, key: u32) -> u64 {
        self.count(|keys| keys.contains(&key))
    }

    /// How many need another key than this one.
    #[must_use]
    pub fn needing_another_than(&self, key: u32) -> u64 {
        self.count(|keys| needs_another(keys, key))
    }

    /// Every key that is needed.
    #[must_use]
    pub fn keys(&self) -> BTreeSet<u32> {
        self.0.keys().flatten().copied().collect()
    }

    fn count(&self, counts: impl Fn(&BTreeSet<u32>) -> bool) -> u64 {
        self.0.iter().filter(|(keys, _)| counts(keys)).map(|(_, accounts)| accounts).sum()
    }
}

fn needs_another(keys: &BTreeSet<u32>, current: u32) -> bool {
    keys.iter().any(|key| *key != current)
}

/// Counts which keys the living accounts need, page by page.
pub async fn count_key_use<S: SealedAccountQueries>(storage: &S) -> Result<KeyUse, StorageError> {
    let (mut found, mut after) = (KeyUse::default(), None);
    loop {
        let page = storage.list_sealed_accounts(after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(found) };
        after = Some(last.user);
        for account in page {
            *found.0.entry(account.keys).or_default() += 1;
        }
    }
}

/// Opens an account for each set of keys that accounts need, and finds it by its address: keys of other shops have the same
/// ids. Gives the first account for which that fails, and why.
pub async fn try_keys<S>(storage: &S) -> Result<Option<(UserId, String)>, StorageError>
where
    S: SealedAccountQueries + UserQueries,
{
    let (mut tried, mut after) = (BTreeSet::new(), None);
    loop {
        let page = storage.list_sealed_accounts(after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(None) };
        after = Some(last.user);
        for account in page {
            if tried.insert(account.keys)
                && let Err(problem) = opens(storage, account.user).await
            {
                return Ok(Some((account.user, problem)));
            }
        }
    }
}

async fn opens<S: UserQueries>(storage: &S, id: UserId) -> Result<(), String> {
    let told = |error: StorageError| error.source().map_or_else(|| error.to_string(), ToString::to_string);
    let Some(user) = storage.find_user(id).await.map_err(told)? else { return Ok(()) };
    let Some(profile) = user.profile() else { return Ok(()) };
    let found = storage.find_user_by_address(&profile.email).await.map_err(told)?;
    if found.is_some() { Ok(()) } else { Err("it is not found by its address".to_owned()) }
}

/// What became of accounts that needed another key than the current one.
#[derive(Debug, Default)]
pub struct Resealed {
    /// How many were sealed again.
    pub accounts: u64,
    /// Those that could not be, and why: what cannot be opened cannot be sealed either.
    pub failed: Vec<(UserId, StorageError)>,
}

/// Seals the personal data of all accounts again that need another key than `current`, which the storage has to seal
/// with. In small transactions with as much time between them as they take; whoever runs it again after it was cut off
/// goes on with what is left. `progress` hears how far it has come after each of them.
///
/// Nothing but the sealed values changes, and deleted accounts have none. An account that is sealed with an older key
/// behind its back, by a server that has not heard of the current one yet, is left to the next run.
pub async fn reseal_accounts<S>(
    storage: &S,
    sources: &Sources,
    current: u32,
    mut progress: impl FnMut(&Resealed),
) -> Result<Resealed, StorageError>
where
    S: SealedAccountQueries + UnitOfWork,
    S::Tx: UserRepository,
{
    let (mut resealed, mut after) = (Resealed::default(), None);
    loop {
        let page = storage.list_sealed_accounts(after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(resealed) };
        after = Some(last.user);
        let old = page.iter().filter(|account| needs_another(&account.keys, current));
        let old: Vec<UserId> = old.map(|account| account.user).collect();
        if old.is_empty() {
            continue;
        }
        let began = sources.now();
        reseal_set(storage, sources, &old, &mut resealed).await?;
        progress(&resealed);
        // An embedded database has one writer, and does not let those in turn who wait for it in other processes.
        sleep((sources.now() - began).to_std().unwrap_or_default().min(PAUSE)).await;
    }
}

/// Seals a set, or if one of it cannot be sealed, each alone.
async fn reseal_set<S>(
    storage: &S,
    sources: &Sources,
    set: &[UserId],
    resealed: &mut Resealed,
) -> Result<(), StorageError>
where
    S: UnitOfWork,
    S::Tx: UserRepository,
{
    match seal_again(storage, sources, set).await {
        Err(StorageError::Fatal(_)) => {}
        outcome => {
            resealed.accounts += outcome?;
            return Ok(());
        }
    }
    for user in set {
        match seal_again(storage, sources, &[*user]).await {
            Err(error @ StorageError::Fatal(_)) => resealed.failed.push((*user, error)),
            outcome => resealed.accounts += outcome?,
        }
    }
    Ok(())
}

async fn seal_again<S>(storage: &S, sources: &Sources, users: &[UserId]) -> Result<u64, StorageError>
where
    S: UnitOfWork,
    S::Tx: UserRepository,
{
    let mut attempts = 1;
    loop {
        match decide_set(storage, &SealAgain, sources, users).await {
            Err(StorageError::Unavailable(_) | StorageError::Transient(_)) if attempts < ATTEMPTS => {
                attempts += 1;
                sleep(PAUSE).await;
            }
            Err(error) => return Err(error),
            Ok(sealed) => return Ok(sealed.into_iter().map(u64::from).sum()),
        }
    }
}

/// Saves accounts as they are, which seals them anew; the verdict is whether there still was something to seal.
struct SealAgain;

impl<Tx: UserRepository> SetUseCase<Tx> for SealAgain {
    type Command = UserId;
    type Verdict = bool;

    async fn decide(&self, tx: &mut Tx, commands: &[UserId]) -> Result<Vec<bool>, StorageError> {
        let users = tx.lock_users(&commands.iter().copied().collect()).await?;
        let living: Vec<User> = users.values().filter(|user| user.is_active()).cloned().collect();
        if !living.is_empty() {
            tx.save_users(&living).await?;
        }
        Ok(commands.iter().map(|id| users.get(id).is_some_and(User::is_active)).collect())
    }
}
