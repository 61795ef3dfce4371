//! SQLite: one writer, many readers, and sets as JSON.
//!
//! `jsonb_each` (SQLite 3.51, which is built in) hands each row on as it was parsed; `json_each` would write it as text
//! again, and every column would read that text anew.

use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::SecondsFormat;
use jangteo_shared_kernel::StorageError;
use sea_orm::sqlx::error::DatabaseError;
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    RuntimeErr, SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait, Value,
};
use tokio::time::sleep;

use super::{Dialect, Engine, Pools, answered, json, listed};
use crate::embedded::place;
use crate::error::Class;
use crate::options::{ConnectError, StorageOptions};
use crate::set::{Changed, Column, Kind, Selected, Table};

/// Takes the write lock at once, so that a transaction never finds out half-way that it has to wait.
const WRITING: TransactionOptions = TransactionOptions {
    isolation_level: None,
    access_mode: None,
    sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
};

/// All reads see what the first one saw.
const ONE_MOMENT: TransactionOptions = TransactionOptions {
    isolation_level: None,
    access_mode: None,
    sqlite_transaction_mode: Some(SqliteTransactionMode::Deferred),
};

/// Nobody else reads or writes.
const ALONE: TransactionOptions = TransactionOptions {
    isolation_level: None,
    access_mode: None,
    sqlite_transaction_mode: Some(SqliteTransactionMode::Exclusive),
};

/// SQLite's code for a lock that somebody else holds.
pub(crate) const BUSY: i32 = 5;

/// How long before a file that was busy when it was opened is opened again.
const REST: Duration = Duration::from_millis(20);

/// Rows that the driver's thread may be ahead of the reader.
const ROW_BUFFER: usize = 1_024;

pub(super) async fn connect(options: &StorageOptions) -> Result<Pools, ConnectError> {
    refuse_memory(&options.url)?;
    let held = place::hold_with_others(&options.url)?;
    let busy_timeout = options.busy_timeout;
    let common = common(busy_timeout);
    // The writer comes first: it makes the file.
    let writer = pool(options, 1, move |sqlite| {
        common(sqlite)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            // What an update or a deletion leaves behind is overwritten where that costs no further write.
            .pragma("secure_delete", "fast")
            .pragma("temp_store", "memory")
            // 16 MiB of pages instead of 2, and the log is worked into the file every 32 MiB instead of 4: a page
            // that many transactions change is then read and written once for all of them.
            .pragma("cache_size", "-16384")
            .pragma("wal_autocheckpoint", "8192")
    });
    let writer = Box::pin(open(writer, busy_timeout)).await.map_err(|error| Engine::Sqlite.error(error))?;
    let reader =
        pool(options, options.readers.max(1), move |sqlite| common(sqlite).pragma("query_only", "on"));
    let reader = Database::connect(reader).await.map_err(|error| Engine::Sqlite.error(error))?;
    Ok(Pools { writer, reader, held })
}

/// The pools of a copy that nobody else knows of: it is one file, whose write-ahead log is off.
pub(crate) async fn connect_copy(options: &StorageOptions, file: &Path) -> Result<Pools, DbErr> {
    let common = common(options.busy_timeout);
    let at = |file: PathBuf| move |sqlite: SqliteConnectOptions| common(sqlite).filename(&file);
    let (write, read) = (at(file.to_owned()), at(file.to_owned()));
    let writer = pool(options, 1, move |sqlite| {
        write(sqlite).journal_mode(SqliteJournalMode::Delete).synchronous(SqliteSynchronous::Full)
    });
    let writer = Database::connect(writer).await?;
    let reader = pool(options, 1, move |sqlite| read(sqlite).pragma("query_only", "on"));
    let reader = Database::connect(reader).await?;
    Ok(Pools { writer, reader, held: None })
}

/// Whether SQLite knows a file for a database. Neither that nor what is beside it is written to, whatever it is.
pub(crate) async fn probe(options: &StorageOptions, file: &Path) -> Result<(), DbErr> {
    let file = file.to_owned();
    let reader = pool(options, 1, move |sqlite| sqlite.filename(&file).read_only(true));
    let reader = Database::connect(reader).await?;
    reader.execute_unprepared("PRAGMA schema_version").await?;
    reader.close().await
}

/// A database that nobody else can read or write until the transaction ends. Its write-ahead log is worked in and off, as
/// after the last process has closed it: it is one file.
pub(crate) async fn connect_alone(
    options: &StorageOptions,
    file: &Path,
) -> Result<DatabaseTransaction, DbErr> {
    let file = file.to_owned();
    let alone = pool(options, 1, move |sqlite| {
        let sqlite = sqlite.filename(&file).busy_timeout(Duration::ZERO);
        sqlite.journal_mode(SqliteJournalMode::Delete).synchronous(SqliteSynchronous::Full)
    });
    let alone = Database::connect(alone).await?.begin_with_options(ALONE).await?;
    // Somebody may have turned it on again in between, with whom the lock is of no use.
    let question = Statement::from_string(DbBackend::Sqlite, "PRAGMA journal_mode");
    let row = alone.query_one_raw(question).await?;
    let mode: Option<String> = row.map(|row| row.try_get_by_index(0)).transpose()?;
    match mode.as_deref() {
        Some("delete") => Ok(alone),
        _ => Err(DbErr::Custom("another process has opened it".to_owned())),
    }
}

/// SQLite's own number of an error, without what makes it more precise.
pub(crate) fn code_of(error: &DbErr) -> Option<i32> {
    let (DbErr::Conn(RuntimeErr::SqlxError(error))
    | DbErr::Exec(RuntimeErr::SqlxError(error))
    | DbErr::Query(RuntimeErr::SqlxError(error))) = error
    else {
        return None;
    };
    let code = error.as_database_error().and_then(DatabaseError::code);
    code.and_then(|code| code.parse::<i32>().ok()).map(|code| code & 0xff)
}

fn common(busy_timeout: Duration) -> impl Fn(SqliteConnectOptions) -> SqliteConnectOptions + Copy {
    move |sqlite| sqlite.foreign_keys(true).busy_timeout(busy_timeout).row_buffer_size(ROW_BUFFER)
}

/// Opens the file. Of those who open a new one at once, one turns its write-ahead log on, and SQLite tells the others that it is
/// busy without waiting for its time-out. So they come again, for as long as a lock is waited for.
async fn open(pool: ConnectOptions, busy_timeout: Duration) -> Result<DatabaseConnection, DbErr> {
    let mut tries = busy_timeout.as_millis() / REST.as_millis();
    loop {
        match Database::connect(pool.clone()).await {
            Err(error) if tries > 0 && is_busy(&error) => tries -= 1,
            outcome => return outcome,
        }
        sleep(REST).await;
    }
}

fn is_busy(error: &DbErr) -> bool {
    code_of(error) == Some(BUSY)
}

/// The write lock is the lock of whoever changes the schema.
pub(super) async fn begin_migrating(
    _: &StorageOptions,
    writer: &DatabaseConnection,
) -> Result<DatabaseTransaction, StorageError> {
    writer.begin_with_options(WRITING).await.map_err(|error| Engine::Sqlite.error(error))
}

/// Every connection to `:memory:` has a database of its own, so the readers would never see what the writer wrote.
fn refuse_memory(url: &str) -> Result<(), ConnectError> {
    let place = url.split_once(':').map_or("", |(_, place)| place);
    let (path, query) = place.split_once('?').unwrap_or((place, ""));
    let path = path.strip_prefix("//").unwrap_or(path);
    if path.is_empty() || path == ":memory:" || query.split('&').any(|pair| pair == "mode=memory") {
        return Err(ConnectError::InMemory);
    }
    Ok(())
}

fn pool(
    options: &StorageOptions,
    connections: u32,
    set: impl Fn(SqliteConnectOptions) -> SqliteConnectOptions + Send + Sync + 'static,
) -> ConnectOptions {
    let mut pool = ConnectOptions::new(&options.url);
    pool.min_connections(1)
        .max_connections(connections)
        .acquire_timeout(options.acquire_timeout)
        // A connection to a file does not go stale, and a new one would have to prepare every statement again.
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .sqlx_logging(false)
        .record_stmt_in_spans(false)
        .map_sqlx_sqlite_opts(set);
    pool
}

/// How SQLite is spoken to.
pub(super) struct Sqlite;

impl Dialect for Sqlite {
    fn backend(&self) -> DbBackend {
        DbBackend::Sqlite
    }

    fn writing(&self) -> TransactionOptions {
        WRITING
    }

    fn one_moment(&self) -> TransactionOptions {
        ONE_MOMENT
    }

    fn class_of(&self, error: &dyn DatabaseError) -> Class {
        error.code().map_or(Class::Fatal, |code| class_of(&code))
    }

    /// `INSERT INTO "t" ("a", "b") SELECT unhex(value ->> 0), value ->> 1 FROM jsonb_each(?1)`
    fn insert(&self, table: &Table) -> String {
        let names = listed(table.columns.iter().map(|column| quoted(column.name)));
        let values =
            listed(table.columns.iter().enumerate().map(|(n, column)| opened("value", n, column.kind)));
        format!("INSERT INTO {} ({names}) SELECT {values} FROM jsonb_each(?1)", quoted(table.name))
    }

    /// `UPDATE "t" AS t SET "b" = r.c1 FROM (SELECT unhex(value ->> 0) AS c0, … FROM jsonb_each(?1)) AS r WHERE t."a" = r.c0`
    fn update(&self, table: &str, keys: &[Column], changes: &[Changed]) -> String {
        let columns = keys.iter().chain(changes.iter().map(|change| &change.column));
        let row = listed(
            columns.enumerate().map(|(n, column)| format!("{} AS c{n}", opened("value", n, column.kind))),
        );
        let set = listed((keys.len()..).zip(changes).map(|(n, change)| {
            let name = quoted(change.column.name);
            if change.adds { format!("{name} = t.{name} + r.c{n}") } else { format!("{name} = r.c{n}") }
        }));
        let matches = keys.iter().enumerate().map(|(n, key)| format!("t.{} = r.c{n}", quoted(key.name)));
        let matches = matches.collect::<Vec<_>>().join(" AND ");
        format!(
            "UPDATE {} AS t SET {set} FROM (SELECT {row} FROM jsonb_each(?1)) AS r WHERE {matches}",
            quoted(table)
        )
    }

    /// `SELECT t."a", t."b" FROM jsonb_each(?1) AS r CROSS JOIN "t" AS t ON t."a" = unhex(r.value ->> 0)`
    ///
    /// `CROSS JOIN` makes SQLite go through the set and look each row up, in the order of the set. Nothing is locked: the
    /// transaction holds the only write lock.
    fn select(&self, table: &Table, selected: &Selected) -> String {
        let names = answered(table, selected, quoted);
        let matches = matching(&selected.keys);
        let condition = selected.only.map(|condition| format!(" WHERE {condition}")).unwrap_or_default();
        let table = quoted(table.name);
        format!("SELECT {names} FROM jsonb_each(?1) AS r CROSS JOIN {table} AS t ON {matches}{condition}")
    }

    /// `SELECT (SELECT count(*) FROM "t" AS t WHERE t."a" = unhex(r.value ->> 0)) FROM jsonb_each(?1) AS r`
    ///
    /// A set is gone through in its order.
    fn count(&self, table: &str, keys: &[Column]) -> String {
        format!(
            "SELECT (SELECT count(*) FROM {} AS t WHERE {}) FROM jsonb_each(?1) AS r",
            quoted(table),
            matching(keys)
        )
    }

    /// Nothing is skipped: there is nobody else while the transaction holds the only write lock.
    fn lock_due(&self, table: &Table, column: &str, only: &str) -> String {
        self.select_due(table, column, only)
    }

    /// `SELECT t."a", t."b" FROM "t" AS t WHERE condition AND t."b" <= ?1 ORDER BY t."b" LIMIT ?2`
    fn select_due(&self, table: &Table, column: &str, only: &str) -> String {
        let names = names_of(table);
        let (table, column) = (quoted(table.name), quoted(column));
        format!(
            "SELECT {names} FROM {table} AS t WHERE {only} AND t.{column} <= ?1 ORDER BY t.{column} LIMIT ?2"
        )
    }

    /// `DELETE FROM "t" WHERE ("a") IN (SELECT unhex(value ->> 0) FROM jsonb_each(?1))`
    fn delete(&self, table: &str, keys: &[Column]) -> String {
        let names = listed(keys.iter().map(|key| quoted(key.name)));
        let values = listed(keys.iter().enumerate().map(|(n, key)| opened("value", n, key.kind)));
        format!("DELETE FROM {} WHERE ({names}) IN (SELECT {values} FROM jsonb_each(?1))", quoted(table))
    }

    fn delete_before(&self, table: &str, _: &[Column], column: &str) -> String {
        let (table, column) = (quoted(table), quoted(column));
        format!(
            "DELETE FROM {table} WHERE rowid IN (SELECT rowid FROM {table} WHERE {column} < ?1 ORDER BY {column} LIMIT ?2)"
        )
    }

    fn sum(&self, amount: &str) -> String {
        format!("SUM({amount})")
    }

    /// `SUM` fails beyond 64 bits, and a shop may turn over more. The halves of its amounts never add up to so much.
    fn wide_sum(&self, factor: &str, amount: &str) -> String {
        format!("{}, {}", high(factor, amount), low(factor, amount))
    }

    /// A product beyond 64 bits becomes a float, which is large enough not to be taken for zero.
    fn wide_sum_is_not_zero(&self, factor: &str, amount: &str) -> String {
        format!("{} * 4294967296 + {} <> 0", high(factor, amount), low(factor, amount))
    }

    fn parameter(&self, n: usize) -> String {
        format!("?{n}")
    }

    fn parameters(&self, _: &[Column], rows: Vec<Vec<Value>>) -> Result<Vec<Value>, DbErr> {
        // The very form in which the driver writes and compares instants.
        json::parameters(&rows, |at| at.to_rfc3339_opts(SecondsFormat::AutoSi, false))
    }
}

/// Extended result codes; the lower byte is the kind.
fn class_of(code: &str) -> Class {
    const LOCKED: i32 = 6;
    const NO_MEMORY: i32 = 7;
    const INTERRUPTED: i32 = 9;
    const INPUT_OUTPUT: i32 = 10;
    const FULL: i32 = 13;
    const CANNOT_OPEN: i32 = 14;
    const PRIMARY_KEY: i32 = 1_555;
    const UNIQUE: i32 = 2_067;
    let Ok(code) = code.parse::<i32>() else { return Class::Fatal };
    match (code, code & 0xff) {
        (PRIMARY_KEY | UNIQUE, _) => Class::Transient,
        // A full or failing disk fails every command alike: splitting the set would only make it work harder.
        (_, BUSY | LOCKED | NO_MEMORY | INTERRUPTED | INPUT_OUTPUT | FULL | CANNOT_OPEN) => {
            Class::Unavailable
        }
        _ => Class::Fatal,
    }
}

/// The columns of a table called `t`.
fn names_of(table: &Table) -> String {
    listed(table.columns.iter().map(|column| format!("t.{}", quoted(column.name))))
}

/// The rows of a table called `t` under a row `r` of a set of keys.
fn matching(keys: &[Column]) -> String {
    let matches = keys.iter().enumerate();
    let matches =
        matches.map(|(n, key)| format!("t.{} = {}", quoted(key.name), opened("r.value", n, key.kind)));
    matches.collect::<Vec<_>>().join(" AND ")
}

fn high(factor: &str, amount: &str) -> String {
    format!("SUM({factor}({amount} >> 32))")
}

fn low(factor: &str, amount: &str) -> String {
    format!("SUM({factor}({amount} & 4294967295))")
}

/// Names come from the entities, never from outside.
fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

/// The `n`th value of a row, as the column has it. JSON has no bytes: ids, keys and hashes travel in hexadecimal.
fn opened(row: &str, n: usize, kind: Kind) -> String {
    match kind {
        Kind::Id | Kind::Bytes => format!("unhex({row} ->> {n})"),
        Kind::Integer | Kind::Text | Kind::Instant => format!("{row} ->> {n}"),
    }
}

#[cfg(test)]
mod tests {
    use chrono::{TimeDelta, TimeZone, Utc};
    use uuid::Uuid;

    use super::*;

    fn json(row: Vec<Value>) -> String {
        match Sqlite.parameters(&[], vec![row]).unwrap().pop() {
            Some(Value::String(Some(json))) => json,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_set_travels_as_one_json_array() {
        let at = Utc.with_ymd_and_hms(2026, 11, 22, 0, 0, 0).unwrap();
        let row = vec![
            Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_00ab).into(),
            i64::MIN.into(),
            7_i16.into(),
            "머그 \"컵\"\n".into(),
            at.into(),
            (at + TimeDelta::milliseconds(5)).into(),
            vec![0_u8, 0xff].into(),
            Value::String(None),
        ];
        assert_eq!(
            json(row),
            r#"[["019000000000700080000000000000ab",-9223372036854775808,7,"머그 \"컵\"\n","2026-11-22T00:00:00+00:00","2026-11-22T00:00:00.005+00:00","00ff",null]]"#
        );
        assert_eq!(Sqlite.parameters(&[], vec![]).unwrap(), vec!["[]".into()]);
        assert!(Sqlite.parameters(&[], vec![vec![1.5_f64.into()]]).is_err());
    }

    async fn setting(db: &DatabaseConnection, pragma: &str) -> String {
        let question = Statement::from_string(DbBackend::Sqlite, format!("PRAGMA {pragma}"));
        let row = db.query_one_raw(question).await.unwrap().unwrap();
        row.try_get_by_index::<String>(0)
            .or_else(|_| row.try_get_by_index(0).map(|n: i64| n.to_string()))
            .unwrap()
    }

    #[tokio::test]
    async fn writes_are_durable_and_readers_only_read() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("a b.db").display());
        let Pools { writer, reader, .. } = connect(&StorageOptions::new(url)).await.unwrap();
        assert!(folder.path().join("a b.db").exists());
        assert_eq!(setting(&writer, "journal_mode").await, "wal");
        // 2 is FULL.
        assert_eq!(setting(&writer, "synchronous").await, "2");
        for db in [&writer, &reader] {
            assert_eq!(setting(db, "foreign_keys").await, "1");
            assert_eq!(setting(db, "busy_timeout").await, "5000");
        }
        writer.execute_unprepared("CREATE TABLE t (a)").await.unwrap();
        let refused = reader.execute_unprepared("INSERT INTO t VALUES (1)").await.unwrap_err();
        assert!(refused.to_string().contains("readonly"), "{refused}");
    }

    #[test]
    fn a_database_in_memory_is_refused() {
        for url in
            ["sqlite::memory:", "sqlite://:memory:", "sqlite://", "sqlite:", "sqlite://x.db?mode=memory"]
        {
            assert!(matches!(refuse_memory(url), Err(ConnectError::InMemory)), "{url}");
        }
        for url in ["sqlite://data/jangteo.db", "sqlite:///srv/jangteo.db?mode=rwc", "sqlite:jangteo.db"] {
            assert!(refuse_memory(url).is_ok(), "{url}");
        }
    }

    #[test]
    fn codes_are_classed_by_what_running_again_would_do() {
        // Unique and primary key; then busy, busy for a snapshot, locked, I/O on fsync, full; then CHECK, foreign key,
        // corrupt, and what is no code.
        for code in ["2067", "1555"] {
            assert_eq!(class_of(code), Class::Transient, "{code}");
        }
        for code in ["5", "517", "6", "1034", "13", "14"] {
            assert_eq!(class_of(code), Class::Unavailable, "{code}");
        }
        for code in ["275", "787", "11", "1", "x"] {
            assert_eq!(class_of(code), Class::Fatal, "{code}");
        }
    }
}
