//! The engines, and everything that differs between them (ADR-028, ADR-035).
//!
//! A [`Dialect`] says how its error codes are classed, how transactions begin, and the text of each kind of set-wise
//! statement; beside it in its module stands how to connect. To add an engine, add a variant to [`Engine`] and a module
//! beside [`sqlite`]; to add a kind of statement, a method to [`Dialect`]. The compiler names the rest.
//!
//! | | a set travels as | and is opened by | rows are locked by |
//! |---|---|---|---|
//! | SQLite | one JSON array of rows | `jsonb_each(?1)` | `BEGIN IMMEDIATE`: there is one writer |
//! | PostgreSQL | one array a column | `unnest($1, $2, …)` | `… ORDER BY key FOR UPDATE OF t` |
//! | MySQL, MariaDB | one JSON array of rows | `JSON_TABLE(?, …)` | `JSON_TABLE(?, …) STRAIGHT_JOIN … FOR UPDATE`, in the order visited |

#[cfg(feature = "server")]
mod encryption;
#[cfg(any(feature = "sqlite", feature = "mysql"))]
mod json;
#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "server")]
mod server;
#[cfg(feature = "sqlite")]
pub(crate) mod sqlite;

use std::fs::File;

use jangteo_shared_kernel::StorageError;
#[cfg(feature = "server")]
use jangteo_tls::Protection;
use sea_orm::sqlx::error::DatabaseError;
use sea_orm::{
    DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, Statement, TransactionOptions, Value,
};

use crate::error::Class;
use crate::options::{ConnectError, StorageOptions};
use crate::set::{Changed, Column, Selected, Table};

/// A database engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    /// The embedded one.
    #[cfg(feature = "sqlite")]
    Sqlite,
    /// PostgreSQL.
    #[cfg(feature = "postgres")]
    Postgres,
    /// MySQL or MariaDB.
    #[cfg(feature = "mysql")]
    MySql,
}

/// What differs between engines.
pub(crate) trait Dialect: Sync {
    /// What SeaORM calls it.
    fn backend(&self) -> DbBackend;

    /// How a transaction that writes begins.
    fn writing(&self) -> TransactionOptions;

    /// How several reads of one moment begin.
    fn one_moment(&self) -> TransactionOptions;

    /// What an error of the database means to a use case.
    fn class_of(&self, error: &dyn DatabaseError) -> Class;

    /// The text that inserts a set of rows.
    fn insert(&self, table: &Table) -> String;

    /// The text that changes columns of a set of rows, found by their keys.
    fn update(&self, table: &str, keys: &[Column], changes: &[Changed]) -> String;

    /// The text that reads, and perhaps locks, the rows under a set of keys.
    fn select(&self, table: &Table, selected: &Selected) -> String;

    /// The text that reads at most so many of the rows for which a condition holds and whose instant in `column` has come,
    /// the longest due first. Its parameters are the instant and the number.
    fn select_due(&self, table: &Table, column: &str, only: &str) -> String;

    /// The text that reads and locks at most so many of the rows for which a condition holds and whose instant in
    /// `column` has come, the longest due first, without waiting for those that somebody else has locked. Its parameters
    /// are the instant and the number.
    fn lock_due(&self, table: &Table, column: &str, only: &str) -> String;

    /// The text that counts the rows under each key of a set, in the order of the set.
    fn count(&self, table: &str, keys: &[Column]) -> String;

    /// The text that deletes the rows under a set of keys.
    fn delete(&self, table: &str, keys: &[Column]) -> String;

    /// The text that deletes at most so many of the rows whose instant in `column` is before another. Its parameters are
    /// that instant and the number. Those that somebody else deletes may be left to them.
    fn delete_before(&self, table: &str, keys: &[Column], column: &str) -> String;

    /// A sum of integers as a 64-bit integer. What does not fit is an error.
    fn sum(&self, amount: &str) -> String;

    /// Two columns that make up a sum of any size: how often it holds 2³², and what else. `factor` is 1, 0 or −1, behind
    /// it a multiplication sign, or nothing.
    fn wide_sum(&self, factor: &str, amount: &str) -> String;

    /// Whether such a sum is anything but zero.
    fn wide_sum_is_not_zero(&self, factor: &str, amount: &str) -> String;

    /// What divides whole numbers and rounds down what is not below zero.
    fn division(&self) -> &'static str {
        "/"
    }

    /// Whether a comparison of rows, `(a, b) < (?, ?)`, begins to read right there in an index on both.
    fn seeks_rows(&self) -> bool {
        true
    }

    /// What a transaction says first that reads whole tables.
    fn before_whole_tables(&self) -> Option<&'static str> {
        None
    }

    /// The place of the `n`th parameter, from 1, in a text written by hand.
    fn parameter(&self, n: usize) -> String;

    /// The parameters that carry a set of rows, which hold these columns.
    fn parameters(&self, columns: &[Column], rows: Vec<Vec<Value>>) -> Result<Vec<Value>, DbErr>;
}

/// The pools of a storage.
pub(crate) struct Pools {
    /// Where transactions run. On an embedded engine it has exactly one connection.
    pub(crate) writer: DatabaseConnection,
    /// Where reads outside transactions run.
    pub(crate) reader: DatabaseConnection,
    /// What keeps an embedded database in its place as long as it is open.
    pub(crate) held: Option<File>,
}

impl Engine {
    /// How many there are; texts of statements are kept for each.
    pub(crate) const COUNT: usize = 3;

    /// The engine that a URL names.
    pub(crate) fn of(url: &str) -> Result<Self, ConnectError> {
        let scheme = url.split_once(':').map_or(url, |(scheme, _)| scheme);
        match scheme {
            #[cfg(feature = "sqlite")]
            "sqlite" => Ok(Self::Sqlite),
            #[cfg(feature = "postgres")]
            "postgres" | "postgresql" => Ok(Self::Postgres),
            #[cfg(feature = "mysql")]
            "mysql" | "mariadb" => Ok(Self::MySql),
            other => Err(ConnectError::UnsupportedEngine { scheme: other.to_owned() }),
        }
    }

    /// Its place in a table of all engines.
    pub(crate) const fn index(self) -> usize {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite => 0,
            #[cfg(feature = "postgres")]
            Self::Postgres => 1,
            #[cfg(feature = "mysql")]
            Self::MySql => 2,
        }
    }

    /// How it speaks.
    pub(crate) fn dialect(self) -> &'static dyn Dialect {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite => &sqlite::Sqlite,
            #[cfg(feature = "postgres")]
            Self::Postgres => &postgres::Postgres,
            #[cfg(feature = "mysql")]
            Self::MySql => &mysql::MySql,
        }
    }

    /// What stands between a connection to a URL of it and whoever is on its way.
    #[cfg(feature = "server")]
    pub(crate) fn protection(self, url: &str) -> Result<Protection, ConnectError> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite => Ok(Protection::ThisMachine),
            #[cfg(feature = "postgres")]
            Self::Postgres => postgres::encryption(url).map(|encryption| encryption.protection),
            #[cfg(feature = "mysql")]
            Self::MySql => mysql::encryption(url).map(|encryption| encryption.protection),
        }
    }

    /// Opens the pools.
    pub(crate) async fn connect(self, options: &StorageOptions) -> Result<Pools, ConnectError> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite => sqlite::connect(options).await,
            #[cfg(feature = "postgres")]
            Self::Postgres => postgres::connect(options).await,
            #[cfg(feature = "mysql")]
            Self::MySql => mysql::connect(options).await,
        }
    }

    /// Whether transactions can go side by side.
    pub(crate) fn writes_side_by_side(self) -> bool {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite => false,
            #[cfg(feature = "postgres")]
            Self::Postgres => true,
            #[cfg(feature = "mysql")]
            Self::MySql => true,
        }
    }

    /// A pool for transactions of this size, where they can go side by side.
    #[cfg_attr(not(feature = "server"), expect(unused_variables, reason = "only servers are asked"))]
    pub(crate) async fn connect_writers(
        self,
        options: &StorageOptions,
        connections: u32,
    ) -> Result<Option<DatabaseConnection>, ConnectError> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite => Ok(None),
            #[cfg(feature = "postgres")]
            Self::Postgres => postgres::connect_writers(options, connections).await.map(Some),
            #[cfg(feature = "mysql")]
            Self::MySql => mysql::connect_writers(options, connections).await.map(Some),
        }
    }

    /// A pool for reads outside transactions that connects when it is first used; the server need not be there yet.
    #[cfg_attr(not(feature = "server"), expect(unused_variables, reason = "only servers are asked"))]
    pub(crate) async fn connect_later(
        self,
        options: &StorageOptions,
    ) -> Result<DatabaseConnection, ConnectError> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite => Err(ConnectError::NoReplica),
            #[cfg(feature = "postgres")]
            Self::Postgres => postgres::connect_later(options).await,
            #[cfg(feature = "mysql")]
            Self::MySql => mysql::connect_later(options).await,
        }
    }

    /// Opens the transaction in which the schema changes, once nobody else changes it.
    ///
    /// On a server it has a connection of its own, which takes its lock and its patience along when it goes.
    pub(crate) async fn begin_migrating(
        self,
        options: &StorageOptions,
        writer: &DatabaseConnection,
    ) -> Result<DatabaseTransaction, StorageError> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite => sqlite::begin_migrating(options, writer).await,
            #[cfg(feature = "postgres")]
            Self::Postgres => postgres::begin_migrating(options, writer).await,
            #[cfg(feature = "mysql")]
            Self::MySql => mysql::begin_migrating(options, writer).await,
        }
    }

    /// A statement of a text and its parameters.
    pub(crate) fn statement(self, text: &str, parameters: Vec<Value>) -> Statement {
        Statement::from_sql_and_values(self.dialect().backend(), text, parameters)
    }
}

/// The columns of an answer: those of the table called `t`, but for what is read from elsewhere.
fn answered(table: &Table, selected: &Selected, quoted: fn(&str) -> String) -> String {
    listed(table.columns.iter().map(|column| match selected.besides {
        Some((name, query)) if name == column.name => format!("({query}) AS {}", quoted(name)),
        _ => format!("t.{}", quoted(column.name)),
    }))
}

fn listed(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}

fn push_hexadecimal(text: &mut String, bytes: &[u8]) {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    text.reserve(bytes.len() * 2);
    for byte in bytes {
        text.push(DIGITS[usize::from(byte >> 4)]);
        text.push(DIGITS[usize::from(byte & 0x0f)]);
    }
}

fn unknown_kind(value: &Value) -> DbErr {
    DbErr::Type(format!("no column of ours holds a {:?}", value.array_type()))
}
