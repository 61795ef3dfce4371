//! What the servers have in common.

use std::time::Duration;

use sea_orm::{ConnectOptions, TransactionOptions};

use crate::options::StorageOptions;

/// A connection that nobody used for so long is asked whether it is still there before it is used again. Under load none
/// is, and no round trip is spent.
const IDLE: Duration = Duration::from_secs(1);

/// `BEGIN`: isolation, access and time-outs are those of the connection.
pub(super) const AS_CONNECTED: TransactionOptions =
    TransactionOptions { isolation_level: None, access_mode: None, sqlite_transaction_mode: None };

/// How many statements a connection keeps prepared. Each has one text, so this is more than all that there are.
pub(super) const PREPARED: usize = 512;

/// How long an instance waits for another that changes the schema.
pub(super) const MIGRATION: Duration = Duration::from_mins(10);

/// A pool of at most so many connections.
pub(super) fn pool(url: String, options: &StorageOptions, connections: u32) -> ConnectOptions {
    let mut pool = ConnectOptions::new(url);
    pool.min_connections(1)
        .max_connections(connections.max(1))
        .acquire_timeout(options.acquire_timeout)
        .test_before_acquire_if_idle_for(IDLE)
        .sqlx_logging(false)
        .record_stmt_in_spans(false);
    pool
}

#[cfg(test)]
#[cfg(all(feature = "postgres", feature = "mysql"))]
mod tests {
    use jangteo_test_services::{Service, shared};
    use sea_orm::{ConnectionTrait, DatabaseConnection, Statement, TransactionTrait};

    use super::*;
    use crate::engine::{Engine, Pools};

    /// What a transaction of a pool, begun as the storage begins it, has for each of these.
    async fn settings<const N: usize>(db: &DatabaseConnection, names: [&str; N]) -> [String; N] {
        let tx = db.begin_with_options(AS_CONNECTED).await.unwrap();
        let texts = names.map(|name| format!("CAST({name} AS CHAR(40))")).join(", ");
        let question = Statement::from_string(db.get_database_backend(), format!("SELECT {texts}"));
        let row = tx.query_one_raw(question).await.unwrap().unwrap();
        std::array::from_fn(|n| row.try_get_by_index::<String>(n).unwrap().trim_end().to_owned())
    }

    async fn pools(service: Service) -> Pools {
        let options = StorageOptions::new(shared(service).new_database());
        Engine::of(&options.url).unwrap().connect(&options).await.unwrap()
    }

    #[tokio::test]
    async fn connections_of_postgres_carry_isolation_access_and_time_outs() {
        let Pools { writer, reader, .. } = pools(Service::Postgres).await;
        let names = [
            "transaction_isolation",
            "transaction_read_only",
            "lock_timeout",
            "statement_timeout",
            "idle_in_transaction_session_timeout",
            "enable_seqscan",
        ]
        .map(|name| format!("current_setting('{name}')"));
        let names = names.each_ref().map(String::as_str);
        assert_eq!(settings(&writer, names).await, ["read committed", "off", "5s", "30s", "30s", "off"]);
        assert_eq!(settings(&reader, names).await, ["repeatable read", "on", "0", "0", "0", "off"]);
        let refused = reader.execute_unprepared("CREATE TABLE t (a int)").await.unwrap_err().to_string();
        assert!(refused.contains("read-only"), "{refused}");
    }

    #[tokio::test]
    async fn connections_of_mariadb_carry_isolation_access_and_time_outs() {
        let Pools { writer, reader, .. } = pools(Service::MariaDb).await;
        let names = [
            "@@tx_isolation",
            "@@tx_read_only",
            "@@innodb_lock_wait_timeout",
            "@@max_statement_time",
            "@@idle_transaction_timeout",
        ];
        assert_eq!(settings(&writer, names).await, ["READ-COMMITTED", "OFF", "5", "30.000000", "30"]);
        let reads = settings(&reader, names).await;
        assert_eq!(reads[..2], ["REPEATABLE-READ", "ON"]);
        assert_eq!(reads[3..], ["0.000000", "0"]);
        let strict = settings(&writer, ["@@sql_mode LIKE '%STRICT_ALL_TABLES%'"]).await;
        assert_eq!(strict, ["1"]);
        let refused = reader.execute_unprepared("CREATE TABLE t (a int)").await.unwrap_err().to_string();
        assert!(refused.contains("READ ONLY"), "{refused}");
    }
}
