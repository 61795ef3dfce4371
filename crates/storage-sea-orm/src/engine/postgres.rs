//! PostgreSQL: a set travels as one array a column, and row locks are taken behind a sort by key.

use std::fmt::Write as _;
use std::time::Duration;

use chrono::SecondsFormat;
use jangteo_shared_kernel::StorageError;
use jangteo_tls::is_this_machine;
use sea_orm::sea_query::ArrayType;
use sea_orm::sqlx::error::DatabaseError;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgSslMode};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    TransactionOptions, TransactionTrait, Value,
};

use super::encryption::{Encryption, Mode, Words};
use super::server::{AS_CONNECTED, MIGRATION, PREPARED, pool};
use super::{Dialect, Engine, Pools, answered, listed};
use crate::error::Class;
use crate::options::{ConnectError, StorageOptions};
use crate::set::{Changed, Column, Kind, Lock, Selected, Table};

/// Whoever holds this lock changes the schema. The number only has to be one that nobody else uses.
const MIGRATION_LOCK: i64 = 0x6a61_6e67_7465_6f00;

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
    let (lock, statement) = (millis(options.busy_timeout), millis(options.statement_timeout));
    let session = vec![
        ("default_transaction_isolation", "read committed".to_owned()),
        ("lock_timeout", lock),
        ("statement_timeout", statement.clone()),
        ("idle_in_transaction_session_timeout", statement),
    ];
    open(settings(options, connections, session)?).await
}

pub(super) async fn connect_later(options: &StorageOptions) -> Result<DatabaseConnection, ConnectError> {
    let mut pool = settings(options, options.readers, reading())?;
    pool.connect_lazy(true);
    open(pool).await
}

/// They hold nobody up, however long they take.
fn reading() -> Session {
    vec![
        ("default_transaction_isolation", "repeatable read".to_owned()),
        ("default_transaction_read_only", "on".to_owned()),
    ]
}

/// Every statement but those of the audit looks rows up. A statement is planned once a connection and the plan kept,
/// perhaps while its table is still small: then reading the whole table looks cheap, and stays long after it has become
/// dear.
const LOOKED_UP: [(&str, &str); 2] = [("enable_seqscan", "off"), ("jit", "off")];

/// A change may take long. It gives up soon if it would have to wait for a table, since all who come later wait behind it.
pub(super) async fn begin_migrating(
    options: &StorageOptions,
    _: &DatabaseConnection,
) -> Result<DatabaseTransaction, StorageError> {
    let error = |error| Engine::Postgres.error(error);
    let patient = vec![
        ("default_transaction_isolation", "read committed".to_owned()),
        ("lock_timeout", millis(MIGRATION)),
        ("statement_timeout", "0".to_owned()),
    ];
    let pool = settings(options, 1, patient).map_err(|error| StorageError::Fatal(error.into()))?;
    let db = Database::connect(pool).await.map_err(error)?;
    let tx = db.begin().await.map_err(error)?;
    tx.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")).await.map_err(error)?;
    tx.execute_unprepared(&format!("SET LOCAL lock_timeout = {}", millis(options.busy_timeout)))
        .await
        .map_err(error)?;
    Ok(tx)
}

/// Settings of a connection.
type Session = Vec<(&'static str, String)>;

fn millis(time: Duration) -> String {
    time.as_millis().to_string()
}

async fn open(pool: ConnectOptions) -> Result<DatabaseConnection, ConnectError> {
    Database::connect(pool).await.map_err(|error| Engine::Postgres.connect_error(error, &WORDS))
}

fn settings(
    options: &StorageOptions,
    connections: u32,
    session: Session,
) -> Result<ConnectOptions, ConnectError> {
    let Encryption { mode, .. } = encryption(&options.url)?.checked()?;
    let mut pool = pool(options.url.clone(), options, connections);
    pool.map_sqlx_postgres_opts(move |postgres| {
        let postgres = encrypted(postgres, mode);
        let postgres = postgres.statement_cache_capacity(PREPARED).application_name("jangteo");
        postgres.options(LOOKED_UP).options(session.clone())
    });
    Ok(pool)
}

const WORDS: Words = Words {
    modes: &[
        ("disable", Some(Mode::Plain)),
        // The driver takes it for `disable`.
        ("allow", None),
        ("prefer", Some(Mode::Offered)),
        ("require", Some(Mode::Required)),
        ("verify-ca", Some(Mode::Authority)),
        ("verify-full", Some(Mode::Host)),
    ],
    authority: &["sslrootcert", "ssl-root-cert", "ssl-ca"],
    mode: "sslmode",
    best: "verify-full",
};

/// How connections to a URL are encrypted. SeaORM would repeat one that it cannot read, with the password in it.
pub(super) fn encryption(url: &str) -> Result<Encryption, ConnectError> {
    Encryption::of(url, &WORDS, || {
        let options: PgConnectOptions = url.parse()?;
        let host = options.get_host();
        // Without a host it may be the folder of a socket.
        let socket = options.get_socket().is_some() || host.starts_with('/');
        Ok(socket || is_this_machine(host))
    })
}

/// Asks this of the server, by a name that a certificate may have: an address is in brackets only in a URL.
fn encrypted(postgres: PgConnectOptions, mode: Option<Mode>) -> PgConnectOptions {
    let host = postgres.get_host().trim_matches(['[', ']']).to_owned();
    let postgres = postgres.host(&host);
    match mode {
        None => postgres,
        Some(Mode::Plain) => postgres.ssl_mode(PgSslMode::Disable),
        Some(Mode::Offered) => postgres.ssl_mode(PgSslMode::Prefer),
        Some(Mode::Required) => postgres.ssl_mode(PgSslMode::Require),
        Some(Mode::Authority) => postgres.ssl_mode(PgSslMode::VerifyCa),
        Some(Mode::Host) => postgres.ssl_mode(PgSslMode::VerifyFull),
    }
}

/// How PostgreSQL is spoken to.
pub(super) struct Postgres;

impl Dialect for Postgres {
    fn backend(&self) -> DbBackend {
        DbBackend::Postgres
    }

    fn writing(&self) -> TransactionOptions {
        AS_CONNECTED
    }

    fn one_moment(&self) -> TransactionOptions {
        AS_CONNECTED
    }

    fn class_of(&self, error: &dyn DatabaseError) -> Class {
        error.code().map_or(Class::Fatal, |code| class_of(&code))
    }

    /// `INSERT INTO "t" ("a", "b") SELECT * FROM unnest($1::uuid[], $2::int8[])`
    fn insert(&self, table: &Table) -> String {
        let names = listed(table.columns.iter().map(|column| quoted(column.name)));
        format!("INSERT INTO {} ({names}) SELECT * FROM {}", quoted(table.name), opened(&table.columns))
    }

    /// `UPDATE "t" AS t SET "b" = r.c1 FROM unnest($1::uuid[], $2::int8[]) AS r (c0, c1) WHERE t."a" = r.c0`
    fn update(&self, table: &str, keys: &[Column], changes: &[Changed]) -> String {
        let columns: Vec<Column> =
            keys.iter().copied().chain(changes.iter().map(|change| change.column)).collect();
        let set = listed((keys.len()..).zip(changes).map(|(n, change)| {
            let name = quoted(change.column.name);
            if change.adds { format!("{name} = t.{name} + r.c{n}") } else { format!("{name} = r.c{n}") }
        }));
        let (table, rows, matches) = (quoted(table), rows(&columns), matching(keys));
        format!("UPDATE {table} AS t SET {set} FROM {rows} WHERE {matches}")
    }

    /// `SELECT t."a", t."b" FROM unnest($1::uuid[]) AS r (c0)
    /// CROSS JOIN LATERAL (SELECT * FROM "t" AS t WHERE t."a" = r.c0 OFFSET 0) AS t`
    ///
    /// `OFFSET 0` has each key looked up by itself. Otherwise the plan may go through the whole table and compare each of its
    /// rows with all keys, which looks cheap where few rows are believed to be: in a queue that was tidied up while it was empty.
    ///
    /// With locks the keys are sorted first, and `FOR UPDATE` stands in the inner query: rows are locked in the order of keys. One
    /// that somebody changed meanwhile is looked at again by itself.
    fn select(&self, table: &Table, selected: &Selected) -> String {
        let names = answered(table, selected, quoted);
        let only = selected.only.map(|only| format!(" AND {only}")).unwrap_or_default();
        let (keys, lock) = match selected.lock {
            Lock::None => (rows(&selected.keys), ""),
            Lock::Waiting => (sorted(&selected.keys), " FOR UPDATE"),
            Lock::Skipping => (sorted(&selected.keys), " FOR UPDATE SKIP LOCKED"),
        };
        let matches = matching(&selected.keys) + &only;
        format!(
            "SELECT {names} FROM {keys} CROSS JOIN LATERAL {} AS t",
            one_by_one("*", table.name, &matches, lock)
        )
    }

    fn lock_due(&self, table: &Table, column: &str, only: &str) -> String {
        self.select_due(table, column, only) + " FOR UPDATE SKIP LOCKED"
    }

    fn select_due(&self, table: &Table, column: &str, only: &str) -> String {
        let names = listed(table.columns.iter().map(|column| format!("t.{}", quoted(column.name))));
        let (table, column) = (quoted(table.name), quoted(column));
        format!(
            "SELECT {names} FROM {table} AS t WHERE {only} AND t.{column} <= $1 ORDER BY t.{column} LIMIT $2"
        )
    }

    fn count(&self, table: &str, keys: &[Column]) -> String {
        let names = listed((0..keys.len()).map(|n| format!("c{n}")));
        format!(
            "SELECT (SELECT count(*) FROM {} AS t WHERE {}) FROM {} WITH ORDINALITY AS r ({names}, n) ORDER BY r.n",
            quoted(table),
            matching(keys),
            opened(keys)
        )
    }

    /// Locks in the order of the keys before it deletes, so that two deletions of the same rows do not cross.
    fn delete(&self, table: &str, keys: &[Column]) -> String {
        let locked = one_by_one("ctid", table, &matching(keys), " FOR UPDATE");
        format!(
            "DELETE FROM {} WHERE ctid = ANY (ARRAY(SELECT t.ctid FROM {} CROSS JOIN LATERAL {locked} AS t))",
            quoted(table),
            sorted(keys)
        )
    }

    fn delete_before(&self, table: &str, _: &[Column], column: &str) -> String {
        let (table, column) = (quoted(table), quoted(column));
        format!(
            "DELETE FROM {table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM {table} WHERE {column} < $1 \
             ORDER BY {column} LIMIT $2 FOR UPDATE SKIP LOCKED))"
        )
    }

    /// What sums of `int8` come as is a numeric.
    fn sum(&self, amount: &str) -> String {
        format!("SUM({amount})::int8")
    }

    /// A numeric is of any size; its sum, and its product with −1.
    fn wide_sum(&self, factor: &str, amount: &str) -> String {
        let sum = format!("SUM({factor}({amount})::numeric)");
        format!("div({sum}, 4294967296)::int8, mod({sum}, 4294967296)::int8")
    }

    fn wide_sum_is_not_zero(&self, factor: &str, amount: &str) -> String {
        format!("SUM({factor}({amount})::numeric) <> 0")
    }

    fn before_whole_tables(&self) -> Option<&'static str> {
        Some("SET LOCAL enable_seqscan = on")
    }

    fn parameter(&self, n: usize) -> String {
        format!("${n}")
    }

    fn parameters(&self, columns: &[Column], rows: Vec<Vec<Value>>) -> Result<Vec<Value>, DbErr> {
        let mut arrays: Vec<Vec<Value>> = columns.iter().map(|_| Vec::with_capacity(rows.len())).collect();
        for row in rows {
            for (array, value) in arrays.iter_mut().zip(row) {
                array.push(value);
            }
        }
        // The rows are as many as the longest array has values, and `unnest` fills up the others with NULL.
        let counted = columns.iter().any(|column| !column.nullable);
        let arrays = columns.iter().zip(arrays);
        arrays
            .map(|(column, values)| {
                if !column.nullable {
                    typed(column.kind, values)
                } else if counted && !values.iter().any(Value::is_some) {
                    Ok("{}".into())
                } else {
                    written(&values)
                }
            })
            .collect()
    }
}

fn class_of(code: &str) -> Class {
    const SERIALISATION_FAILURE: &str = "40001";
    const DEADLOCK: &str = "40P01";
    const UNIQUE: &str = "23505";
    const LOCK_NOT_AVAILABLE: &str = "55P03";
    const QUERY_CANCELLED: &str = "57014";
    /// The commit may have happened.
    const OUTCOME_UNKNOWN: &str = "40003";
    /// A standby, after somebody has switched over.
    const READ_ONLY: &str = "25006";
    const IDLE_IN_TRANSACTION: &str = "25P03";
    const INPUT_OUTPUT: &str = "58030";
    // Whole classes: lost connections, a full disk or no memory, a shutdown.
    const CONNECTION: &str = "08";
    const RESOURCES: &str = "53";
    const OPERATOR: &str = "57P";
    match code {
        SERIALISATION_FAILURE | DEADLOCK | UNIQUE => Class::Transient,
        LOCK_NOT_AVAILABLE | QUERY_CANCELLED | OUTCOME_UNKNOWN | READ_ONLY | IDLE_IN_TRANSACTION
        | INPUT_OUTPUT => Class::Unavailable,
        _ if [CONNECTION, RESOURCES, OPERATOR].iter().any(|class| code.starts_with(class)) => {
            Class::Unavailable
        }
        _ => Class::Fatal,
    }
}

/// Names come from the entities, never from outside.
fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

/// A set, with its columns called `c0`, `c1` and so on in a row called `r`.
fn rows(columns: &[Column]) -> String {
    let names = listed((0..columns.len()).map(|n| format!("c{n}")));
    format!("{} AS r ({names})", opened(columns))
}

/// `unnest($1::uuid[], $2::int8[])`
fn opened(columns: &[Column]) -> String {
    let arrays = (1..).zip(columns).map(|(n, column)| format!("${n}::{}[]", type_of(column.kind)));
    format!("unnest({})", listed(arrays))
}

/// The rows of a table called `t` under a row `r` of a set of keys.
fn matching(keys: &[Column]) -> String {
    let matches = keys.iter().enumerate().map(|(n, key)| format!("t.{} = r.c{n}", quoted(key.name)));
    matches.collect::<Vec<_>>().join(" AND ")
}

/// A set as [`rows`] opens it, sorted by all of its columns.
fn sorted(columns: &[Column]) -> String {
    let names = listed((1..=columns.len()).map(|n| n.to_string()));
    format!("(SELECT * FROM {} ORDER BY {names}) AS r", rows(columns))
}

/// The rows of a table under the row `r` beside it. The plan looks them up for each `r`, whatever it believes.
fn one_by_one(selected: &str, table: &str, matches: &str, lock: &str) -> String {
    format!("(SELECT {selected} FROM {} AS t WHERE {matches} OFFSET 0{lock})", quoted(table))
}

/// The type in which a set carries a column. What is narrower, such as a small number, is made so as it is stored.
fn type_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Id => "uuid",
        Kind::Integer => "int8",
        Kind::Text => "text",
        Kind::Instant => "timestamptz",
        Kind::Bytes => "bytea",
    }
}

/// A column of a set as an array of its type, which travels in binary form.
fn typed(kind: Kind, values: Vec<Value>) -> Result<Value, DbErr> {
    let holds = |value: &Value| match kind {
        Kind::Id => matches!(value, Value::Uuid(Some(_))),
        Kind::Integer => matches!(value, Value::BigInt(Some(_))),
        Kind::Text => matches!(value, Value::String(Some(_))),
        Kind::Instant => matches!(value, Value::ChronoDateTimeUtc(Some(_))),
        Kind::Bytes => matches!(value, Value::Bytes(Some(_))),
    };
    let wide = |value| match value {
        Value::SmallInt(Some(number)) => i64::from(number).into(),
        Value::Int(Some(number)) => i64::from(number).into(),
        other => other,
    };
    let values: Vec<Value> = values.into_iter().map(wide).collect();
    if let Some(other) = values.iter().find(|value| !holds(value)) {
        return Err(super::unknown_kind(other));
    }
    let array_type = match kind {
        Kind::Id => ArrayType::Uuid,
        Kind::Integer => ArrayType::BigInt,
        Kind::Text => ArrayType::String,
        Kind::Instant => ArrayType::ChronoDateTimeUtc,
        Kind::Bytes => ArrayType::Bytes,
    };
    Ok(Value::Array(array_type, Some(Box::new(values))))
}

/// A column of a set as PostgreSQL writes arrays, `{1,NULL,3}`: SeaORM's own arrays hold no NULL.
fn written(values: &[Value]) -> Result<Value, DbErr> {
    let mut array = String::from("{");
    for (n, value) in values.iter().enumerate() {
        if n > 0 {
            array.push(',');
        }
        push_value(&mut array, value)?;
    }
    array.push('}');
    Ok(array.into())
}

fn push_value(array: &mut String, value: &Value) -> Result<(), DbErr> {
    // Writing to a String does not fail.
    let written = match value {
        Value::Uuid(Some(id)) => write!(array, "{id}"),
        Value::BigInt(Some(number)) => write!(array, "{number}"),
        Value::SmallInt(Some(number)) => write!(array, "{number}"),
        Value::ChronoDateTimeUtc(Some(at)) => {
            write!(array, "\"{}\"", at.to_rfc3339_opts(SecondsFormat::Millis, true))
        }
        Value::String(Some(text)) => {
            array.push('"');
            for character in text.chars() {
                if matches!(character, '"' | '\\') {
                    array.push('\\');
                }
                array.push(character);
            }
            array.push('"');
            Ok(())
        }
        Value::Bytes(Some(bytes)) => {
            array.push_str("\"\\\\x");
            super::push_hexadecimal(array, bytes);
            array.push('"');
            Ok(())
        }
        Value::Uuid(None)
        | Value::BigInt(None)
        | Value::SmallInt(None)
        | Value::String(None)
        | Value::ChronoDateTimeUtc(None)
        | Value::Bytes(None) => {
            array.push_str("NULL");
            Ok(())
        }
        other => return Err(super::unknown_kind(other)),
    };
    written.map_err(|error| DbErr::Type(error.to_string()))
}

#[cfg(test)]
mod tests {
    use chrono::{TimeDelta, TimeZone, Utc};
    use uuid::Uuid;

    use super::*;

    fn column(kind: Kind, nullable: bool) -> Column {
        Column { name: "c", kind, nullable }
    }

    #[test]
    fn a_set_travels_as_one_array_a_column() {
        let at = Utc.with_ymd_and_hms(2026, 11, 22, 0, 0, 0).unwrap() + TimeDelta::milliseconds(5);
        let row = |id: u128, text: Option<&str>| {
            vec![
                Uuid::from_u128(id).into(),
                i64::MIN.into(),
                Value::SmallInt(None),
                text.map(str::to_owned).into(),
                at.into(),
                vec![0_u8, 0xff].into(),
            ]
        };
        let rows = vec![
            row(0x0190_0000_0000_7000_8000_0000_0000_00ab, Some("머그 \"컵\"\\\n{},NULL")),
            row(1, None),
        ];
        let kinds = [Kind::Id, Kind::Integer, Kind::Integer, Kind::Text, Kind::Instant, Kind::Bytes];
        let arrays = [
            "{01900000-0000-7000-8000-0000000000ab,00000000-0000-0000-0000-000000000001}",
            "{-9223372036854775808,-9223372036854775808}",
            "{NULL,NULL}",
            "{\"머그 \\\"컵\\\"\\\\\n{},NULL\",NULL}",
            "{\"2026-11-22T00:00:00.005Z\",\"2026-11-22T00:00:00.005Z\"}",
            "{\"\\\\x00ff\",\"\\\\x00ff\"}",
        ];
        let columns = kinds.map(|kind| column(kind, true));
        assert_eq!(Postgres.parameters(&columns, rows).unwrap(), arrays.map(Value::from));
        let unknown = vec![vec![1.5_f64.into()]];
        assert!(Postgres.parameters(&[column(Kind::Integer, true)], unknown).is_err());
    }

    #[test]
    fn what_is_null_everywhere_does_not_travel() {
        let columns = [column(Kind::Instant, true), column(Kind::Text, true), column(Kind::Id, false)];
        let row = |text: Option<&str>| {
            vec![Value::ChronoDateTimeUtc(None), text.map(str::to_owned).into(), Uuid::nil().into()]
        };
        let [instants, texts, _] =
            Postgres.parameters(&columns, vec![row(None), row(Some("a"))]).unwrap().try_into().unwrap();
        assert_eq!([instants, texts], ["{}", "{NULL,\"a\"}"].map(Value::from));
    }

    #[test]
    fn what_is_never_null_travels_in_arrays_of_its_type() {
        let at = Utc.with_ymd_and_hms(2026, 11, 22, 0, 0, 0).unwrap();
        let id = Uuid::from_u128(7);
        let row = vec![id.into(), Value::SmallInt(Some(3)), "a".into(), at.into(), vec![0_u8].into()];
        let kinds = [Kind::Id, Kind::Integer, Kind::Text, Kind::Instant, Kind::Bytes];
        let columns = kinds.map(|kind| column(kind, false));
        let [ids, numbers, texts, instants, bytes] =
            Postgres.parameters(&columns, vec![row.clone(), row]).unwrap().try_into().unwrap();
        assert_eq!(ids.expect::<Vec<Uuid>>("ids"), [id, id]);
        assert_eq!(numbers.expect::<Vec<i64>>("numbers"), [3, 3]);
        assert_eq!(texts.expect::<Vec<String>>("texts"), ["a", "a"]);
        assert_eq!(instants.expect::<Vec<chrono::DateTime<Utc>>>("instants"), [at, at]);
        assert_eq!(bytes.expect::<Vec<Vec<u8>>>("bytes"), [[0], [0]]);
        for wrong in [Value::BigInt(None), "1".into()] {
            assert!(Postgres.parameters(&[column(Kind::Integer, false)], vec![vec![wrong]]).is_err());
        }
    }

    #[test]
    fn codes_are_classed_by_what_running_again_would_do() {
        // Serialisation failure, deadlock, unique.
        for code in ["40001", "40P01", "23505"] {
            assert_eq!(class_of(code), Class::Transient, "{code}");
        }
        // Lock and statement time-out; shutdown, starting up; connection lost, disk full, too many connections; a standby.
        for code in ["55P03", "57014", "57P01", "57P03", "08006", "53100", "53300", "25006"] {
            assert_eq!(class_of(code), Class::Unavailable, "{code}");
        }
        // CHECK, foreign key, no such table, too long.
        for code in ["23514", "23503", "42P01", "22001", ""] {
            assert_eq!(class_of(code), Class::Fatal, "{code}");
        }
    }
}
