//! `jangteo migrate`.

use super::{DONE, REFUSED, say};
use crate::config::Settings;
use crate::keys::passing_cipher;
use crate::storage;

pub(super) async fn run(settings: &Settings, check: bool, down: Option<u32>) -> anyhow::Result<u8> {
    if check && storage::is_missing(settings) {
        say("the database does not exist yet; run: jangteo migrate")?;
        return Ok(REFUSED);
    }
    // No change reads or writes what is sealed, so passing keys do.
    let storage = storage::open(settings, passing_cipher(), None).await?;
    let code = if check {
        let pending = storage.pending_migrations().await?;
        report("missing", &pending)?;
        if pending.is_empty() { DONE } else { REFUSED }
    } else if let Some(changes) = down {
        storage.migrate_down(changes).await?;
        say(format!("took back the latest {changes} changes"))?;
        DONE
    } else {
        report("made", &storage.migrate().await?)?;
        DONE
    };
    storage.close().await?;
    Ok(code)
}

fn report(what: &str, changes: &[String]) -> std::io::Result<()> {
    for name in changes {
        say(format!("{what}: {name}"))?;
    }
    if changes.is_empty() { say("the schema is up to date") } else { Ok(()) }
}
