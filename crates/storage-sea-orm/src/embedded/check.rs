//! What has to hold for a copy, whoever has made it.

use std::path::Path;

use chrono::DateTime;
use jangteo_application::AuditReport;
use jangteo_migrations::{Migrator, MigratorTrait};
use jangteo_shared_kernel::{StorageError, Timestamp};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement, TryGetable};

use super::EmbeddedError;
use crate::audit;
use crate::lane::Lane;
use crate::storage::SeaOrmStorage;

/// What SQLite leaves to whoever uses it, a number in the head of the file: the second as of which a copy is.
const MOMENT: &str = "user_version";

/// How many faults of a file are named.
const NAMED: usize = 5;

/// What was found out about a copy.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Checked {
    /// As of when it is, if it says so. Everything that was acknowledged until then is in it.
    pub as_of: Option<Timestamp>,
    /// The changes that its schema lacks.
    pub pending: Vec<String>,
    /// The audit, in which every rule holds.
    pub report: AuditReport,
}

/// Checks a copy of so many bytes. Errors name the file that it is to be, or that it was.
pub(super) async fn check(
    copy: &SeaOrmStorage,
    bytes: u64,
    named: &Path,
    now: Timestamp,
) -> Result<Checked, EmbeddedError> {
    let damaged = |problem| EmbeddedError::Damaged { file: named.to_owned(), problem };
    let faults = faults(copy, bytes).await.map_err(EmbeddedError::of(named))?;
    if !faults.is_empty() {
        return Err(damaged(faults.join("; ")));
    }
    let pending = copy.pending_migrations().await.map_err(EmbeddedError::of_storage(named))?;
    if pending.len() == Migrator::migrations().len() {
        return Err(EmbeddedError::NotAShop(named.to_owned()));
    }
    let report = audit_up_to_date(copy, now).await.map_err(EmbeddedError::of_storage(named))?;
    if !report.holds() {
        return Err(EmbeddedError::DoesNotAddUp { file: named.to_owned(), report });
    }
    let second: Option<i32> =
        first(copy, &format!("PRAGMA {MOMENT}")).await.map_err(EmbeddedError::of(named))?;
    let as_of = second.filter(|second| *second != 0);
    let as_of = as_of.and_then(|second| DateTime::from_timestamp(i64::from(second.cast_unsigned()), 0));
    Ok(Checked { as_of, pending, report })
}

/// The statement that notes as of when a copy is; without an instant, the one that forgets it.
pub(super) fn note_moment(as_of: Option<Timestamp>) -> String {
    // Until 2106. A later one is not noted.
    let second = as_of.and_then(|as_of| u32::try_from(as_of.timestamp()).ok()).unwrap_or_default();
    format!("PRAGMA {MOMENT} = {}", second.cast_signed())
}

/// What SQLite finds wrong with a file: its pages and indexes, its constraints, its foreign keys. Of a last page that is cut it
/// says nothing, so the length is compared.
async fn faults(copy: &SeaOrmStorage, bytes: u64) -> Result<Vec<String>, DbErr> {
    let mut faults = Vec::new();
    let [pages, size] = [first(copy, "PRAGMA page_count").await?, first(copy, "PRAGMA page_size").await?];
    let expected = pages.unwrap_or(0_i64) * size.unwrap_or(0_i64);
    if i64::try_from(bytes) != Ok(expected) {
        faults.push(format!("it has {bytes} bytes where its pages take {expected}"));
    }
    for row in rows(copy, &format!("PRAGMA integrity_check({NAMED})")).await? {
        let fault: String = row.try_get_by_index(0)?;
        if fault != "ok" {
            faults.push(fault);
        }
    }
    for row in rows(copy, "PRAGMA foreign_key_check").await?.iter().take(NAMED) {
        let [table, parent] = [0, 2].map(|column| String::try_get_by_index(row, column));
        faults.push(format!("a row of {} without its row of {}", table?, parent?));
    }
    Ok(faults)
}

/// The audit, for which an older schema is brought up to date first. That is taken back.
async fn audit_up_to_date(copy: &SeaOrmStorage, now: Timestamp) -> Result<AuditReport, StorageError> {
    let Lane { engine, on_statement, .. } = &copy.writer;
    let connection = copy.begin_migrating().await?;
    Migrator::up(&connection, None).await.map_err(|error| engine.error(error))?;
    let lane = Lane { connection, engine: *engine, on_statement: on_statement.clone() };
    let report = audit::report(&lane, now).await?;
    lane.connection.rollback().await.map_err(|error| engine.error(error))?;
    Ok(report)
}

async fn first<T: TryGetable>(copy: &SeaOrmStorage, text: &str) -> Result<Option<T>, DbErr> {
    rows(copy, text).await?.first().map(|row| row.try_get_by_index(0)).transpose()
}

async fn rows(copy: &SeaOrmStorage, text: &str) -> Result<Vec<QueryResult>, DbErr> {
    copy.writer.connection.query_all_raw(Statement::from_string(DbBackend::Sqlite, text)).await
}

#[cfg(test)]
mod tests {
    use chrono::Utc;

    use super::*;

    #[test]
    fn a_moment_is_noted_as_a_number_of_32_bits() {
        let at = |text: &str| note_moment(Some(text.parse::<DateTime<Utc>>().unwrap()));
        assert_eq!(at("2026-11-26T12:00:00.999Z"), "PRAGMA user_version = 1795694400");
        assert_eq!(
            at("2040-01-01T00:00:00Z"),
            format!("PRAGMA user_version = {}", 2_208_988_800_i64 - (1 << 32))
        );
        assert_eq!(at("2110-01-01T00:00:00Z"), "PRAGMA user_version = 0");
        assert_eq!(note_moment(None), "PRAGMA user_version = 0");
    }
}
