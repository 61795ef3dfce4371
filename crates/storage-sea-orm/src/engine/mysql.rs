//! MySQL 8 and MariaDB: a set travels as one JSON array of rows, and rows are locked in the order in which they are
//! visited.
//!
//! Both lock a row as they read it, before they sort, and both rewrite long lists of values into joins. So the sorted set
//! drives the access, `JSON_TABLE(…) STRAIGHT_JOIN`, and the primary key is forced.

use std::time::Duration;

use jangteo_shared_kernel::StorageError;
use jangteo_tls::is_this_machine;
use sea_orm::sqlx::error::DatabaseError;
use sea_orm::sqlx::mysql::{MySqlConnectOptions, MySqlDatabaseError, MySqlSslMode};
use sea_orm::sqlx::{AssertSqlSafe, Executor};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    Statement, TransactionOptions, TransactionTrait, Value,
};

use super::encryption::{Encryption, Mode, Words};
use super::server::{AS_CONNECTED, MIGRATION, PREPARED, pool};
use super::{Dialect, Engine, Pools, answered, json, listed};
use crate::error::Class;
use crate::options::{ConnectError, StorageOptions};
use crate::set::{Changed, Column, Kind, Lock, Selected, Table};

pub(super) async fn connect(options: &StorageOptions) -> Result<Pools, ConnectError> {
    Ok(Pools {
        writer: connect_writers(options, options.writers).await?,
        reader: open(settings(options, options.readers, reading())?).await?,
        held: None,
    })
}

pub(super) async fn connect_writers(
    options: &StorageOptions,
    connections: u32,
) -> Result<DatabaseConnection, ConnectError> {
    open(settings(options, connections, writing(options))?).await
}

pub(super) async fn connect_later(options: &StorageOptions) -> Result<DatabaseConnection, ConnectError> {
    let mut pool = settings(options, options.readers, reading())?;
    pool.connect_lazy(true);
    open(pool).await
}

/// They hold nobody up, however long they take.
fn reading() -> Vec<String> {
    vec!["SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY".to_owned()]
}

/// Each change commits by itself, whatever the transaction; the connection holds the lock.
pub(super) async fn begin_migrating(
    options: &StorageOptions,
    _: &DatabaseConnection,
) -> Result<DatabaseTransaction, StorageError> {
    let error = |error| Engine::MySql.error(error);
    let mut patient = writing(options);
    patient.push("/*M! SET SESSION max_statement_time = 0, idle_transaction_timeout = 0 */".to_owned());
    let pool = settings(options, 1, patient).map_err(|error| StorageError::Fatal(error.into()))?;
    let db = Database::connect(pool).await.map_err(error)?;
    let tx = db.begin().await.map_err(error)?;
    // Names of such locks are those of the whole server, and short.
    let lock = Statement::from_string(
        DbBackend::MySql,
        format!("SELECT GET_LOCK(CONCAT('jangteo ', MD5(DATABASE())), {})", seconds(MIGRATION)),
    );
    let row = tx.query_one_raw(lock).await.map_err(error)?;
    let got: Option<i64> = row.and_then(|row| row.try_get_by_index(0).ok()).flatten();
    if got == Some(1) {
        Ok(tx)
    } else {
        Err(StorageError::Unavailable("another instance is changing the schema, and does not end".into()))
    }
}

/// What MariaDB alone knows stands in comments that only MariaDB reads, and the reverse.
fn writing(options: &StorageOptions) -> Vec<String> {
    let (lock, statement) = (seconds(options.busy_timeout), options.statement_timeout);
    let (statement, millis) = (seconds(statement), statement.as_millis());
    vec![
        "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED".to_owned(),
        format!(
            // What does not fit is an error, not cut off.
            "SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES'), \
             innodb_lock_wait_timeout = {lock}, lock_wait_timeout = {lock} \
             /*M! , max_statement_time = {statement}, idle_transaction_timeout = {statement} */ \
             /*!80000 , max_execution_time = {millis} */"
        ),
    ]
}

/// At least one: none at all means no limit.
fn seconds(time: Duration) -> u64 {
    time.as_secs().max(1)
}

async fn open(pool: ConnectOptions) -> Result<DatabaseConnection, ConnectError> {
    Database::connect(pool).await.map_err(|error| Engine::MySql.connect_error(error, &WORDS))
}

fn settings(
    options: &StorageOptions,
    connections: u32,
    session: Vec<String>,
) -> Result<ConnectOptions, ConnectError> {
    let Encryption { mode, .. } = encryption(&options.url)?.checked()?;
    let mut pool = pool(url(&options.url), options, connections);
    pool.map_sqlx_mysql_opts(move |mysql| encrypted(mysql, mode).statement_cache_capacity(PREPARED))
        .map_sqlx_mysql_pool_opts(move |pool| {
            let session = session.clone();
            pool.after_connect(move |connection, _| {
                let session = session.clone();
                Box::pin(async move {
                    for statement in session {
                        connection.execute(AssertSqlSafe(statement)).await?;
                    }
                    Ok(())
                })
            })
        });
    Ok(pool)
}

const WORDS: Words = Words {
    modes: &[
        ("DISABLED", Some(Mode::Plain)),
        ("PREFERRED", Some(Mode::Offered)),
        ("REQUIRED", Some(Mode::Required)),
        ("VERIFY_CA", Some(Mode::Authority)),
        ("VERIFY_IDENTITY", Some(Mode::Host)),
    ],
    authority: &["ssl-ca", "sslca"],
    mode: "ssl-mode",
    best: "VERIFY_IDENTITY",
};

/// How connections to a URL are encrypted. SeaORM would repeat one that it cannot read, with the password in it.
pub(super) fn encryption(of: &str) -> Result<Encryption, ConnectError> {
    let url = url(of);
    Encryption::of(&url, &WORDS, || {
        let options: MySqlConnectOptions = url.parse()?;
        Ok(options.get_socket().is_some() || is_this_machine(options.get_host()))
    })
}

/// Asks this of the server, by a name that a certificate may have: an address is in brackets only in a URL.
fn encrypted(mysql: MySqlConnectOptions, mode: Option<Mode>) -> MySqlConnectOptions {
    let host = mysql.get_host().trim_matches(['[', ']']).to_owned();
    let mysql = mysql.host(&host);
    match mode {
        None => mysql,
        Some(Mode::Plain) => mysql.ssl_mode(MySqlSslMode::Disabled),
        Some(Mode::Offered) => mysql.ssl_mode(MySqlSslMode::Preferred),
        Some(Mode::Required) => mysql.ssl_mode(MySqlSslMode::Required),
        Some(Mode::Authority) => mysql.ssl_mode(MySqlSslMode::VerifyCa),
        Some(Mode::Host) => mysql.ssl_mode(MySqlSslMode::VerifyIdentity),
    }
}

/// The driver has one name for both.
fn url(url: &str) -> String {
    match url.strip_prefix("mariadb:") {
        Some(rest) => format!("mysql:{rest}"),
        None => url.to_owned(),
    }
}

/// How MySQL and MariaDB are spoken to.
pub(super) struct MySql;

impl Dialect for MySql {
    fn backend(&self) -> DbBackend {
        DbBackend::MySql
    }

    fn writing(&self) -> TransactionOptions {
        AS_CONNECTED
    }

    fn one_moment(&self) -> TransactionOptions {
        AS_CONNECTED
    }

    fn class_of(&self, error: &dyn DatabaseError) -> Class {
        error.try_downcast_ref::<MySqlDatabaseError>().map_or(Class::Fatal, |error| class_of(error.number()))
    }

    /// ``INSERT INTO `t` (`a`, `b`) SELECT UNHEX(r.c0), r.c1 FROM JSON_TABLE(?, '$[*]' COLUMNS (c0 …, c1 …)) AS r``
    fn insert(&self, table: &Table) -> String {
        let names = listed(table.columns.iter().map(|column| quoted(column.name)));
        let values = listed(table.columns.iter().enumerate().map(|(n, column)| value(n, *column)));
        format!("INSERT INTO {} ({names}) SELECT {values} FROM {}", quoted(table.name), rows(&table.columns))
    }

    /// ``UPDATE JSON_TABLE(?, …) AS r STRAIGHT_JOIN `t` AS t FORCE INDEX (PRIMARY) ON t.`a` = UNHEX(r.c0) SET t.`b` = r.c1``
    ///
    /// Of a small table it would otherwise read, and lock, every row.
    fn update(&self, table: &str, keys: &[Column], changes: &[Changed]) -> String {
        let columns: Vec<Column> =
            keys.iter().copied().chain(changes.iter().map(|change| change.column)).collect();
        let set = listed((keys.len()..).zip(changes).map(|(n, change)| {
            let (name, value) = (quoted(change.column.name), value(n, change.column));
            if change.adds { format!("t.{name} = t.{name} + {value}") } else { format!("t.{name} = {value}") }
        }));
        let (table, rows, matches) = (quoted(table), rows(&columns), matching(keys));
        format!("UPDATE {rows} STRAIGHT_JOIN {table} AS t FORCE INDEX (PRIMARY) ON {matches} SET {set}")
    }

    /// ``SELECT t.`a`, t.`b` FROM JSON_TABLE(?, …) AS r STRAIGHT_JOIN `t` AS t ON t.`a` = UNHEX(r.c0)``
    ///
    /// With locks: ``… STRAIGHT_JOIN `t` AS t FORCE INDEX (PRIMARY) ON … FOR UPDATE``. Only what is looked up is locked, in
    /// the order of the set.
    fn select(&self, table: &Table, selected: &Selected) -> String {
        let names = answered(table, selected, quoted);
        let (rows, matches) = (rows(&selected.keys), matching(&selected.keys));
        let condition = selected.only.map(|only| format!(" WHERE {only}")).unwrap_or_default();
        let (force, lock) = match selected.lock {
            Lock::None => ("", ""),
            Lock::Waiting => (" FORCE INDEX (PRIMARY)", " FOR UPDATE"),
            Lock::Skipping => (" FORCE INDEX (PRIMARY)", " FOR UPDATE SKIP LOCKED"),
        };
        let table = quoted(table.name);
        format!("SELECT {names} FROM {rows} STRAIGHT_JOIN {table} AS t{force} ON {matches}{condition}{lock}")
    }

    fn lock_due(&self, table: &Table, column: &str, only: &str) -> String {
        self.select_due(table, column, only) + " FOR UPDATE SKIP LOCKED"
    }

    fn select_due(&self, table: &Table, column: &str, only: &str) -> String {
        let names = names_of(table);
        let (table, column) = (quoted(table.name), quoted(column));
        format!(
            "SELECT {names} FROM {table} AS t WHERE {only} AND t.{column} <= ? ORDER BY t.{column} LIMIT ?"
        )
    }

    fn count(&self, table: &str, keys: &[Column]) -> String {
        format!(
            "SELECT (SELECT COUNT(*) FROM {} AS t WHERE {}) FROM \
             JSON_TABLE(?, '$[*]' COLUMNS (n FOR ORDINALITY, {})) AS r ORDER BY r.n",
            quoted(table),
            matching(keys),
            opened(keys)
        )
    }

    fn delete(&self, table: &str, keys: &[Column]) -> String {
        let (table, rows, matches) = (quoted(table), rows(keys), matching(keys));
        format!("DELETE t FROM {rows} STRAIGHT_JOIN {table} AS t FORCE INDEX (PRIMARY) ON {matches}")
    }

    /// A deletion that looks for its rows by itself would wait for others that do the same, and cross them.
    fn delete_before(&self, table: &str, keys: &[Column], column: &str) -> String {
        let names = listed(keys.iter().map(|key| quoted(key.name)));
        let matches = keys.iter().map(|key| format!("t.{0} = r.{0}", quoted(key.name)));
        let matches = matches.collect::<Vec<_>>().join(" AND ");
        let (table, column) = (quoted(table), quoted(column));
        format!(
            "DELETE t FROM (SELECT {names} FROM {table} WHERE {column} < ? ORDER BY {column} LIMIT ? \
             FOR UPDATE SKIP LOCKED) AS r STRAIGHT_JOIN {table} AS t FORCE INDEX (PRIMARY) ON {matches}"
        )
    }

    /// What sums of integers come as is a decimal.
    fn sum(&self, amount: &str) -> String {
        format!("CAST(SUM({amount}) AS SIGNED)")
    }

    /// A decimal has up to 65 digits; its sum, and its product with −1.
    fn wide_sum(&self, factor: &str, amount: &str) -> String {
        let sum = format!("SUM({factor}CAST({amount} AS DECIMAL(30)))");
        format!("CAST({sum} DIV 4294967296 AS SIGNED), CAST(MOD({sum}, 4294967296) AS SIGNED)")
    }

    fn wide_sum_is_not_zero(&self, factor: &str, amount: &str) -> String {
        format!("SUM({factor}CAST({amount} AS DECIMAL(30))) <> 0")
    }

    /// Its `/` leaves a fraction.
    fn division(&self) -> &'static str {
        "DIV"
    }

    /// It compares row by row from the beginning of the index.
    fn seeks_rows(&self) -> bool {
        false
    }

    fn parameter(&self, _: usize) -> String {
        "?".to_owned()
    }

    fn parameters(&self, _: &[Column], rows: Vec<Vec<Value>>) -> Result<Vec<Value>, DbErr> {
        json::parameters(&rows, |at| at.format("%Y-%m-%d %H:%M:%S%.3f").to_string())
    }
}

/// Numbers of errors. Their SQLSTATE is too coarse, and on MySQL that is what the driver calls a code.
fn class_of(number: u16) -> Class {
    const DUPLICATE_KEY: u16 = 1022;
    const DUPLICATE_ENTRY: u16 = 1062;
    const DEADLOCK: u16 = 1213;
    const DUPLICATE_ENTRY_NAMED: u16 = 1586;
    const DISK_FULL: u16 = 1021;
    const OUT_OF_MEMORY: u16 = 1037;
    const OUT_OF_RESOURCES: u16 = 1041;
    const TOO_MANY_CONNECTIONS: u16 = 1040;
    const SHUTDOWN: u16 = 1053;
    const TABLE_FULL: u16 = 1114;
    const TOO_MANY_OF_USER: u16 = 1203;
    const LOCK_TIMEOUT: u16 = 1205;
    const USER_LIMIT: u16 = 1226;
    /// Somebody has switched over to another server.
    const READ_ONLY: u16 = 1290;
    const READ_ONLY_MODE: u16 = 1836;
    const INTERRUPTED: u16 = 1317;
    const KILLED: u16 = 1927;
    const MARIADB_STATEMENT_TIMEOUT: u16 = 1969;
    const MYSQL_STATEMENT_TIMEOUT: u16 = 3024;
    const MYSQL_SHUTDOWN: u16 = 3169;
    match number {
        DUPLICATE_KEY | DUPLICATE_ENTRY | DUPLICATE_ENTRY_NAMED | DEADLOCK => Class::Transient,
        DISK_FULL
        | OUT_OF_MEMORY
        | OUT_OF_RESOURCES
        | TOO_MANY_CONNECTIONS
        | SHUTDOWN
        | TABLE_FULL
        | TOO_MANY_OF_USER
        | LOCK_TIMEOUT
        | USER_LIMIT
        | READ_ONLY
        | READ_ONLY_MODE
        | INTERRUPTED
        | KILLED
        | MARIADB_STATEMENT_TIMEOUT
        | MYSQL_STATEMENT_TIMEOUT
        | MYSQL_SHUTDOWN => Class::Unavailable,
        _ => Class::Fatal,
    }
}

/// The columns of a table called `t`.
fn names_of(table: &Table) -> String {
    listed(table.columns.iter().map(|column| format!("t.{}", quoted(column.name))))
}

/// A set, with its columns called `c0`, `c1` and so on in a row called `r`.
fn rows(columns: &[Column]) -> String {
    format!("JSON_TABLE(?, '$[*]' COLUMNS ({})) AS r", opened(columns))
}

/// `c0 CHAR(32) PATH '$[0]', c1 BIGINT PATH '$[1]'`
fn opened(columns: &[Column]) -> String {
    let columns = columns.iter().enumerate();
    listed(columns.map(|(n, column)| format!("c{n} {} PATH '$[{n}]'", type_of(column.kind))))
}

/// The type in which a set carries a column.
fn type_of(kind: Kind) -> &'static str {
    match kind {
        // In hexadecimal, as bytes are.
        Kind::Id => "CHAR(32) CHARACTER SET ascii",
        Kind::Integer => "BIGINT",
        // The database may have another character set; its tables do not.
        Kind::Text | Kind::Bytes => "LONGTEXT CHARACTER SET utf8mb4",
        Kind::Instant => "DATETIME(3)",
    }
}

/// The `n`th value of a row `r`, as the column has it.
fn value(n: usize, column: Column) -> String {
    match column.kind {
        Kind::Id | Kind::Bytes => format!("UNHEX(r.c{n})"),
        Kind::Integer | Kind::Text | Kind::Instant => format!("r.c{n}"),
    }
}

/// The rows of a table called `t` under a row `r` of a set of keys.
fn matching(keys: &[Column]) -> String {
    let matches = keys.iter().enumerate();
    let matches = matches.map(|(n, key)| format!("t.{} = {}", quoted(key.name), value(n, *key)));
    matches.collect::<Vec<_>>().join(" AND ")
}

/// Names come from the entities, never from outside.
fn quoted(name: &str) -> String {
    format!("`{name}`")
}

#[cfg(test)]
mod tests {
    use chrono::{TimeZone, Utc};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_set_travels_as_one_json_array() {
        let at = Utc.with_ymd_and_hms(2026, 11, 22, 0, 0, 0).unwrap();
        let row = vec![
            Uuid::from_u128(0xab).into(),
            i64::MIN.into(),
            "머그 \"컵\"".into(),
            at.into(),
            vec![0_u8, 0xff].into(),
            Value::String(None),
        ];
        let json = r#"[["000000000000000000000000000000ab",-9223372036854775808,"머그 \"컵\"","2026-11-22 00:00:00.000","00ff",null]]"#;
        assert_eq!(MySql.parameters(&[], vec![row]).unwrap(), [json.into()]);
    }

    #[test]
    fn codes_are_classed_by_what_running_again_would_do() {
        // Deadlock, unique.
        for number in [1213, 1062] {
            assert_eq!(class_of(number), Class::Transient, "{number}");
        }
        // Lock time-out, statement time-out on either, too many connections, shutdown, killed, full, read only.
        for number in [1205, 1969, 3024, 1040, 1053, 1927, 1114, 1290] {
            assert_eq!(class_of(number), Class::Unavailable, "{number}");
        }
        // CHECK on either, foreign key, no such table, too long.
        for number in [3819, 4025, 1452, 1146, 1406] {
            assert_eq!(class_of(number), Class::Fatal, "{number}");
        }
    }

    #[test]
    fn either_name_of_the_engine_will_do() {
        assert_eq!(url("mariadb://shop@db/jangteo"), "mysql://shop@db/jangteo");
        assert_eq!(url("mysql://shop@mariadb:3306/x"), "mysql://shop@mariadb:3306/x");
    }
}
