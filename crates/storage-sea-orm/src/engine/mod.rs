//! The engines, and everything that differs between them (ADR-028).
//!
//! An engine says in one dialect module how to connect, how its error codes are classed, and the text of each kind of
//! set-wise statement. To add one, add a variant to [`Engine`] and a module beside [`sqlite`]; the compiler then
//! names every place that has to choose.
//!
//! | | a set travels as | and is opened by | rows are locked by |
//! |---|---|---|---|
//! | SQLite | one JSON array of rows | `jsonb_each(?1)` | `BEGIN IMMEDIATE`: there is one writer |
//! | PostgreSQL (to come) | one array a column | `unnest($1, $2, …)` | `… ORDER BY key FOR UPDATE` |
//! | MySQL, MariaDB (to come) | one JSON array of rows | `JSON_TABLE(?, …) STRAIGHT_JOIN` | `… FOR UPDATE`, in the order visited |

mod sqlite;

use sea_orm::{DatabaseConnection, DbBackend, DbErr, Statement, TransactionOptions, Value};

use crate::error::Class;
use crate::options::{ConnectError, StorageOptions};
use crate::set::{Changed, Column, Selected, Table};

/// A database engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    /// The embedded one.
    Sqlite,
}

/// The pools of a storage.
pub(crate) struct Pools {
    /// Where transactions run. On an embedded engine it has exactly one connection.
    pub(crate) writer: DatabaseConnection,
    /// Where reads outside transactions run.
    pub(crate) reader: DatabaseConnection,
}

impl Engine {
    /// How many there are; texts of statements are kept for each.
    pub(crate) const COUNT: usize = 1;

    /// The engine that a URL names.
    pub(crate) fn of(url: &str) -> Result<Self, ConnectError> {
        let scheme = url.split_once(':').map_or(url, |(scheme, _)| scheme);
        match scheme {
            "sqlite" => Ok(Self::Sqlite),
            other => Err(ConnectError::UnsupportedEngine { scheme: other.to_owned() }),
        }
    }

    /// Its place in a table of all engines.
    pub(crate) const fn index(self) -> usize {
        match self {
            Self::Sqlite => 0,
        }
    }

    /// What SeaORM calls it.
    pub(crate) const fn backend(self) -> DbBackend {
        match self {
            Self::Sqlite => DbBackend::Sqlite,
        }
    }

    /// Opens the pools.
    pub(crate) async fn connect(self, options: &StorageOptions) -> Result<Pools, ConnectError> {
        match self {
            Self::Sqlite => sqlite::connect(options).await,
        }
    }

    /// How a transaction that writes begins.
    pub(crate) const fn writing(self) -> TransactionOptions {
        match self {
            Self::Sqlite => sqlite::WRITING,
        }
    }

    /// How several reads of one moment begin.
    pub(crate) const fn one_moment(self) -> TransactionOptions {
        match self {
            Self::Sqlite => sqlite::ONE_MOMENT,
        }
    }

    /// What an error code of the driver means to a use case.
    pub(crate) fn class_of(self, code: &str) -> Class {
        match self {
            Self::Sqlite => sqlite::class_of(code),
        }
    }

    /// The text that inserts a set of rows.
    pub(crate) fn insert(self, table: &Table) -> String {
        match self {
            Self::Sqlite => sqlite::insert(table),
        }
    }

    /// The text that changes columns of a set of rows, found by their keys.
    pub(crate) fn update(self, table: &str, keys: &[Column], changes: &[Changed]) -> String {
        match self {
            Self::Sqlite => sqlite::update(table, keys, changes),
        }
    }

    /// The text that reads, and perhaps locks, the rows under a set of keys.
    pub(crate) fn select(self, table: &Table, selected: &Selected) -> String {
        match self {
            Self::Sqlite => sqlite::select(table, selected),
        }
    }

    /// The text that reads at most `?2` of the rows for which a condition holds and whose instant in `column` has come at
    /// `?1`, the longest due first.
    pub(crate) fn select_due(self, table: &Table, column: &str, only: &str) -> String {
        match self {
            Self::Sqlite => sqlite::select_due(table, column, only),
        }
    }

    /// The text that reads and locks at most `?2` of the rows for which a condition holds and whose instant in `column`
    /// has come at `?1`, the longest due first, without waiting for those that somebody else has locked.
    pub(crate) fn lock_due(self, table: &Table, column: &str, only: &str) -> String {
        match self {
            Self::Sqlite => sqlite::lock_due(table, column, only),
        }
    }

    /// The text that counts the rows under each key of a set, in the order of the set.
    pub(crate) fn count(self, table: &str, keys: &[Column]) -> String {
        match self {
            Self::Sqlite => sqlite::count(table, keys),
        }
    }

    /// The text that deletes the rows under a set of keys.
    pub(crate) fn delete(self, table: &str, keys: &[Column]) -> String {
        match self {
            Self::Sqlite => sqlite::delete(table, keys),
        }
    }

    /// The text that deletes at most `?2` of the rows whose instant in `column` is before `?1`.
    pub(crate) fn delete_before(self, table: &str, column: &str) -> String {
        match self {
            Self::Sqlite => sqlite::delete_before(table, column),
        }
    }

    /// A sum of integers as a 64-bit integer. What does not fit is an error.
    pub(crate) fn sum(self, amount: &str) -> String {
        match self {
            Self::Sqlite => format!("SUM({amount})"),
        }
    }

    /// Two columns that make up a sum of any size: how often it holds 2³², and what else. `factor` is 1, 0 or −1, behind
    /// it a multiplication sign, or nothing.
    pub(crate) fn wide_sum(self, factor: &str, amount: &str) -> String {
        match self {
            Self::Sqlite => sqlite::wide_sum(factor, amount),
        }
    }

    /// Whether such a sum is anything but zero.
    pub(crate) fn wide_sum_is_not_zero(self, factor: &str, amount: &str) -> String {
        match self {
            Self::Sqlite => sqlite::wide_sum_is_not_zero(factor, amount),
        }
    }

    /// The place of the `n`th parameter, from 1, in a text written by hand.
    pub(crate) fn parameter(self, n: usize) -> String {
        match self {
            Self::Sqlite => format!("?{n}"),
        }
    }

    /// The parameters that carry a set of rows.
    pub(crate) fn parameters(self, rows: &[Vec<Value>]) -> Result<Vec<Value>, DbErr> {
        match self {
            Self::Sqlite => sqlite::parameters(rows),
        }
    }

    /// A statement of a text and its parameters.
    pub(crate) fn statement(self, text: &str, parameters: Vec<Value>) -> Statement {
        Statement::from_sql_and_values(self.backend(), text, parameters)
    }
}
