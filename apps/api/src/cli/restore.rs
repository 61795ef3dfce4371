//! `jangteo restore`.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use jangteo_application::{count_key_use, try_keys};
use jangteo_security::{SealedFields, ServiceKeys, SystemClock, SystemEntropy};
use jangteo_shared_kernel::Clock;
use jangteo_storage_sea_orm::{Restoration, Restored};

use super::backup::{found_right, place_of};
use super::{DONE, keys, say};
use crate::body::values::Instant;
use crate::config::{KeySource, Settings};
use crate::keys::passing_cipher;
use crate::storage::{self, Storage};

const BACK_IN_TIME: &str = "The shop has gone back in time. Before it starts: FLUSHDB in its Redis, at each node of a Cluster, and \
                            see that no instance goes on from before. What was acknowledged since is gone, and the stored \
                            answers with it; events may be delivered again, and new ones under sequences that were used. \
                            Read \"After a restore\" in docs/operations.md";

pub(super) async fn run(settings: &Settings, from: &Path, replace: bool) -> anyhow::Result<u8> {
    let database = storage::embedded(settings)?;
    let keys = keys_there(&settings.keys)?;
    let cipher = match &keys {
        Some(keys) => Arc::new(SealedFields::new(&keys.fields, Arc::new(SystemEntropy))),
        None => passing_cipher(),
    };
    let (entropy, now) = (SystemEntropy, SystemClock.now());
    let prepared = Restoration::prepare(&database, from, replace, cipher, &entropy, now).await?;
    if let Err(error) = keys_fit(prepared.storage(), &settings.keys, keys.as_ref()).await {
        prepared.cancel().await?;
        return Err(error);
    }
    let Restored { database, former, checked, .. } = prepared.finish().await?;
    let as_of = checked.as_of.map_or_else(
        || "as of a moment that it does not tell, as `jangteo backup` has not made it".to_owned(),
        |as_of| format!("as of {}", Instant(as_of)),
    );
    say(format!("Restored {} from {}, {as_of}.", database.display(), from.display()))?;
    if let Some(former) = former {
        say(format!("The former database is kept: {}.", former.display()))?;
    }
    say(found_right(&checked))?;
    say(BACK_IN_TIME)?;
    Ok(DONE)
}

/// The keys, if there are any. None are made: to a database that has accounts new ones are of no use.
fn keys_there(source: &KeySource) -> anyhow::Result<Option<ServiceKeys>> {
    match source {
        KeySource::Own(path) if !path.exists() => Ok(None),
        source => crate::keys::load(source).map(Some),
    }
}

/// Refuses keys without which accounts of the copy cannot be opened.
async fn keys_fit(copy: &Storage, source: &KeySource, keys: Option<&ServiceKeys>) -> anyhow::Result<()> {
    let place = place_of(source);
    let in_use = count_key_use(copy).await.context("the accounts cannot be read")?;
    let Some(keys) = keys else {
        let accounts = in_use.accounts();
        anyhow::ensure!(
            accounts == 0,
            "{accounts} accounts need their keys: put the key file of that time at {place}"
        );
        return Ok(());
    };
    keys::refuse_unknown(&keys.fields.ring, &in_use).context(place.clone())?;
    if let Some((user, problem)) = try_keys(copy).await.context("the accounts cannot be read")? {
        anyhow::bail!(
            "the keys in {place} are not those of this database: the account {user} does not open: {problem}"
        );
    }
    Ok(())
}
