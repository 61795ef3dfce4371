//! Which storage the shop has: the one place that names it.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use jangteo_security::SealedFields;
use jangteo_storage_sea_orm::{
    ConnectError, EmbeddedDatabase, SeaOrmStorage, StorageOptions, WrittenProductsHook,
    no_encrypted_connection,
};
use tokio::time::timeout;

use crate::config::Settings;

/// The storage of the shop.
pub(crate) type Storage = SeaOrmStorage;

/// How long the storage gets to say that it is there.
const PATIENCE: Duration = Duration::from_secs(1);

/// Opens the storage. Its schema stays as it is. Whoever keeps what it says is told what is written.
pub(crate) async fn open(
    settings: &Settings,
    cipher: Arc<SealedFields>,
    on_written_products: Option<WrittenProductsHook>,
) -> anyhow::Result<Storage> {
    std::fs::create_dir_all(&settings.data_dir)
        .with_context(|| format!("cannot create data_dir {}", settings.data_dir.display()))?;
    let mut options = StorageOptions::new(settings.database_url.clone());
    options.replica_urls.clone_from(&settings.replica_urls);
    options.acquire_timeout = settings.database_acquire_timeout;
    options.on_written_products = on_written_products;
    let opened = SeaOrmStorage::connect(&options, cipher).await;
    opened.map_err(|error| {
        let setting = match error {
            ConnectError::Replica { .. } => "database.replica_urls",
            _ => "database.url",
        };
        anyhow::Error::from(error).context(setting)
    })
}

const EMBEDDED: &str = "sqlite://";

/// Brings the schema up to date.
pub(crate) async fn migrate(storage: &Storage) -> anyhow::Result<()> {
    let made = storage.migrate().await?;
    if !made.is_empty() {
        tracing::info!(changes = made.len(), "brought the schema up to date");
    }
    Ok(())
}

/// Makes sure that the schema is up to date. An embedded database belongs to whoever opens it and is brought there. One on
/// a server belongs to others too, some of whom may be of an older version: it is refused until somebody says so.
pub(crate) async fn prepare(storage: &Storage, settings: &Settings) -> anyhow::Result<()> {
    if settings.database_url.starts_with(EMBEDDED) {
        return migrate(storage).await;
    }
    let missing = storage.pending_migrations().await?;
    anyhow::ensure!(
        missing.is_empty(),
        "the schema of the database is not up to date, it lacks {}; run: jangteo migrate, or: jangteo serve --migrate",
        missing.join(", ")
    );
    Ok(())
}

/// The embedded database, for commands that have no other.
pub(crate) fn embedded(settings: &Settings) -> anyhow::Result<EmbeddedDatabase> {
    anyhow::ensure!(
        settings.database_url.starts_with(EMBEDDED),
        "database.url names a database on a server, which is copied and restored by the tools of its own engine: see \
         \"Back up and restore\" in docs/operations.md"
    );
    EmbeddedDatabase::of(&settings.database_url).context("database.url")
}

/// Whether an embedded database has no file yet. Opening it would make one.
pub(crate) fn is_missing(settings: &Settings) -> bool {
    EmbeddedDatabase::of(&settings.database_url).is_ok_and(|database| !database.path().exists())
}

/// Whether the storage answers.
pub(crate) async fn answers(storage: &Storage) -> bool {
    match timeout(PATIENCE, storage.ping()).await {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            let reason = no_encrypted_connection(&error);
            tracing::warn!(%error, reason, "the database does not answer");
            false
        }
        Err(_) => {
            tracing::warn!("the database does not answer in time");
            false
        }
    }
}
