//! `jangteo keys`.

use std::collections::BTreeSet;
use std::error::Error as _;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use jangteo_application::{KeyUse, Resealed, Sources, count_key_use, reseal_accounts};
use jangteo_security::{KeyFileLock, KeyRing, ServiceKeys, SystemClock, SystemEntropy};
use jangteo_shared_kernel::Timestamp;

use super::progress::Progress;
use super::{DONE, REFUSED, say};
use crate::config::Settings;
use crate::keys::{self, LOOK_EVERY, LiveRing};
use crate::storage::{self, Storage};

/// After which every server has heard of a new key.
const HEARD_AFTER: Duration = LOOK_EVERY.saturating_mul(3);

/// How often all accounts are gone through, should servers go on to seal with an older key.
const PASSES: u32 = 4;

const RING_IS_GIVEN: &str = "keys.ring cannot be changed from here. Add a key with a new id to it (`openssl rand -base64 32` \
                             makes one), make it the current one once all instances have it, and run this again: it seals \
                             again what is sealed with older keys";

/// Makes keys: in a file, or on standard output for a store of secrets.
pub(super) fn generate(file: Option<&Path>) -> anyhow::Result<u8> {
    if let Some(path) = file {
        ServiceKeys::generate_file(path, &SystemEntropy)?;
        say(format!("made new keys in {}; whoever loses them loses the personal data", path.display()))?;
    } else {
        say(ServiceKeys::generate(&SystemEntropy).to_text()?.trim_end())?;
    }
    Ok(DONE)
}

/// Tells which keys there are, and who needs them.
pub(super) async fn list(settings: &Settings) -> anyhow::Result<u8> {
    let shop = SealedShop::open(settings, Lock::Not).await?;
    let (ring, in_use) = (&shop.keys.fields.ring, count_key_use(&shop.storage).await?);
    for id in ring.ids().union(&in_use.keys()) {
        let state = match (*id == ring.current().0, ring.ids().contains(id), in_use.needing(*id)) {
            (true, ..) => "current",
            (_, false, _) => "MISSING: what it sealed cannot be read",
            (_, true, 0) => "not needed any more",
            (_, true, _) => "needed",
        };
        say(format!("key {id}: {} accounts, {state}", in_use.needing(*id)))?;
    }
    shop.storage.close().await?;
    Ok(if unknown(ring, &in_use).is_empty() { DONE } else { REFUSED })
}

/// Makes a new key the current one, unless there is something left to do for the one before, and seals with it all that
/// is sealed with others.
pub(super) async fn rotate(settings: &Settings, new_key: bool) -> anyhow::Result<u8> {
    let mut shop = SealedShop::open(settings, Lock::IfFile).await?;
    let in_use = count_key_use(&shop.storage).await?;
    refuse_unknown(&shop.keys.fields.ring, &in_use)?;
    let left = in_use.needing_another_than(shop.current());
    if left > 0 && !new_key {
        let (all, current) = (in_use.accounts(), shop.current());
        say(format!("Going on: {left} of {all} accounts are not sealed with the current key, {current}."))?;
    } else {
        shop.add_key()?;
        say(format!("Key {} is the current one now.", shop.current()))?;
    }
    let resealed = shop.reseal(in_use.needing_another_than(shop.current())).await?;
    for (user, error) in &resealed.failed {
        let cause = error.source().map(ToString::to_string).unwrap_or_default();
        writeln!(io::stderr(), "error: the account {user} cannot be sealed again: {error}: {cause}")?;
    }
    shop.storage.close().await?;
    say(format!("Sealed {} accounts again with key {}.", resealed.accounts, shop.current()))?;
    if resealed.failed.is_empty() {
        say("No account needs another key. `jangteo keys prune` takes the others away.")?;
    }
    Ok(if resealed.failed.is_empty() { DONE } else { REFUSED })
}

/// Takes away the keys that no account needs.
pub(super) async fn prune(settings: &Settings) -> anyhow::Result<u8> {
    let mut shop = SealedShop::open(settings, Lock::IfFile).await?;
    let in_use = count_key_use(&shop.storage).await?;
    shop.storage.close().await?;
    let before = shop.keys.fields.ring.clone();
    refuse_unknown(&before, &in_use)?;
    let pruned = before.pruned(&in_use.keys());
    let gone: BTreeSet<u32> = before.ids().difference(&pruned.ids()).copied().collect();
    if gone.is_empty() {
        say("Every key is needed or current. Nothing has changed.")?;
        return Ok(DONE);
    }
    shop.replace_ring(pruned)?;
    say(format!("Took away {}: no account needs them.", named(&gone)))?;
    Ok(DONE)
}

/// Keys that accounts need and the ring does not have.
fn unknown(ring: &KeyRing, in_use: &KeyUse) -> BTreeSet<u32> {
    in_use.keys().difference(&ring.ids()).copied().collect()
}

/// A ring without keys that are in use belongs to another database, or is an old copy: its next key could get the id of
/// one that is there.
pub(super) fn refuse_unknown(ring: &KeyRing, in_use: &KeyUse) -> anyhow::Result<()> {
    let unknown = unknown(ring, in_use);
    anyhow::ensure!(unknown.is_empty(), "accounts need {}, which the ring does not have", named(&unknown));
    Ok(())
}

fn named(ids: &BTreeSet<u32>) -> String {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    format!("{} {}", if ids.len() == 1 { "key" } else { "keys" }, ids.join(", "))
}

/// Whether the key file is kept from others who would change it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lock {
    Not,
    IfFile,
}

/// What these commands work with.
struct SealedShop {
    keys: ServiceKeys,
    ring: LiveRing,
    lock: Option<KeyFileLock>,
    storage: Storage,
    sources: Sources,
    /// From then on every server seals with the current key.
    heard_at: Timestamp,
}

impl SealedShop {
    async fn open(settings: &Settings, lock: Lock) -> anyhow::Result<Self> {
        anyhow::ensure!(
            !storage::is_missing(settings),
            "the database does not exist yet; run: jangteo migrate"
        );
        let source = &settings.keys;
        // No file is made here, not even the shop's own: to a database without its keys new ones are of no use.
        let (keys, lock) = match source.file() {
            Some(path) if lock == Lock::IfFile => {
                let lock = KeyFileLock::take(path).context("the key file cannot be changed")?;
                (lock.load()?, Some(lock))
            }
            Some(path) => (ServiceKeys::load(path)?, None),
            None => (keys::load(source)?, None),
        };
        let ring = LiveRing::new(source, &keys);
        let storage = storage::open(settings, Arc::clone(&ring.cipher), None).await?;
        let pending = storage.pending_migrations().await?;
        anyhow::ensure!(pending.is_empty(), "the schema is not up to date; run: jangteo migrate");
        let sources = Sources::new(Arc::new(SystemClock), Arc::new(SystemEntropy));
        let heard_at = sources.now() + HEARD_AFTER;
        Ok(Self { keys, ring, lock, storage, sources, heard_at })
    }

    fn current(&self) -> u32 {
        self.keys.fields.ring.current().0
    }

    fn add_key(&mut self) -> anyhow::Result<()> {
        let ring = self.keys.fields.ring.with_new_key(&SystemEntropy);
        self.replace_ring(ring.context("there is no id left for a new key")?)
    }

    /// On the disk first: nothing is sealed with a key that could be lost.
    fn replace_ring(&mut self, ring: KeyRing) -> anyhow::Result<()> {
        let lock = self.lock.as_ref().context(RING_IS_GIVEN)?;
        self.keys.fields.ring = ring;
        lock.replace(&self.keys, &SystemEntropy).context("the key file cannot be changed")?;
        self.ring.cipher.learn(&self.keys.fields.ring);
        self.heard_at = self.sources.now() + HEARD_AFTER;
        Ok(())
    }

    /// Until no account needs another key than the current one, but those that do not open.
    async fn reseal(&self, mut left: u64) -> anyhow::Result<Resealed> {
        let (current, mut accounts) = (self.current(), 0);
        for _ in 0..PASSES {
            let mut progress = Progress::new(&self.sources, "accounts", left);
            let show = |so_far: &Resealed| progress.show(so_far.accounts);
            let resealed = reseal_accounts(&self.storage, &self.sources, current, show).await;
            progress.end();
            let resealed = resealed.context("cut off; run this again, and it goes on with what is left")?;
            accounts += resealed.accounts;
            // Until then a server may have sealed with the key before.
            if self.lock.is_some() {
                let wait = (self.heard_at - self.sources.now()).to_std().unwrap_or_default();
                tokio::time::sleep(wait).await;
            }
            left = count_key_use(&self.storage).await?.needing_another_than(current);
            if left <= u64::try_from(resealed.failed.len())? {
                return Ok(Resealed { accounts, failed: resealed.failed });
            }
        }
        anyhow::bail!(
            "an instance still seals with an older key, {left} accounts so far: give it the key {current}, restart it, and \
             run this again"
        )
    }
}
