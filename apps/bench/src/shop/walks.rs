//! Whether a query has walked through a large table, which takes ever longer as a shop grows. PostgreSQL counts that.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, Statement};
use tokio::time::sleep;

use super::Database;

/// A table of more rows than this is large.
const LARGE: i64 = 10_000;

/// The most rows of a large table that an answer may fetch by indexes: two pages of a hundred.
const MOST_FETCHED: i64 = 200;

/// How long sessions get to end, and how often to look. A session adds what it has counted when it ends.
const LOOKS: u32 = 100;
const LOOK_AGAIN: Duration = Duration::from_millis(100);

const OTHERS: &str = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() \
                      AND backend_type IN ('client backend', 'parallel worker') AND pid <> pg_backend_pid()";
const COUNTED: &str = "SELECT relname::text, seq_scan, seq_tup_read, COALESCE(idx_tup_fetch, 0), n_live_tup FROM pg_stat_user_tables";

/// The time since somebody began to watch a database.
#[derive(Debug)]
pub(crate) struct Walks<'a> {
    database: &'a Database,
    before: HashMap<String, Counted>,
}

/// What is counted of a table. Vacuuming and analysing it are no walks.
#[derive(Debug, Clone, Copy, Default)]
struct Counted {
    walks: i64,
    /// Rows that were read on the way.
    passed: i64,
    /// Rows that were found by an index. One that is in the wrong order, or of too little, is walked through as well.
    fetched: i64,
    rows: i64,
}

impl<'a> Walks<'a> {
    /// Watches from now on. Nobody may be connected.
    pub(crate) async fn begin(database: &'a Database) -> Result<Self> {
        Ok(Self { database, before: counted(database).await? })
    }

    /// No large table was walked through for so many answers. Nobody may be connected any more.
    pub(crate) async fn ensure_none(self, answers: u64) -> Result<()> {
        let walked = walked(&self.before, &counted(self.database).await?, i64::try_from(answers)?);
        ensure!(walked.is_empty(), "queries have walked through large tables: {}", walked.join(", "));
        Ok(())
    }
}

/// The large tables in which more rows were passed than a small one has, or fetched than answers need. A table that was
/// empty before may have been walked through while it was small; and who looks at its first row only does not walk.
fn walked(before: &HashMap<String, Counted>, after: &HashMap<String, Counted>, answers: i64) -> Vec<String> {
    let mut walked = Vec::new();
    for (table, after) in after {
        let before = before.get(table).copied().unwrap_or_default();
        let (walks, passed) = (after.walks - before.walks, after.passed - before.passed);
        let fetched = after.fetched - before.fetched;
        if after.rows <= LARGE {
            continue;
        }
        if walks > 0 && passed > LARGE {
            walked.push(format!("{table} ({walks} times, {passed} rows, of {})", after.rows));
        } else if fetched > LARGE + MOST_FETCHED * answers {
            walked.push(format!("{table} (by an index, {fetched} rows for {answers} answers)"));
        }
    }
    walked.sort();
    walked
}

async fn counted(database: &Database) -> Result<HashMap<String, Counted>> {
    let connection = database.connect().await?;
    wait_until_alone(&connection).await?;
    let statement = Statement::from_string(connection.get_database_backend(), COUNTED);
    let mut tables = HashMap::new();
    for row in connection.query_all_raw(statement).await? {
        let counted = Counted {
            walks: row.try_get_by_index(1)?,
            passed: row.try_get_by_index(2)?,
            fetched: row.try_get_by_index(3)?,
            rows: row.try_get_by_index(4)?,
        };
        tables.insert(row.try_get_by_index(0)?, counted);
    }
    connection.close().await?;
    Ok(tables)
}

async fn wait_until_alone(connection: &DatabaseConnection) -> Result<()> {
    for _ in 0..LOOKS {
        let statement = Statement::from_string(connection.get_database_backend(), OTHERS);
        let others = connection.query_one_raw(statement).await?;
        let others: i64 = others.map_or(Ok(0), |row| row.try_get_by_index(0))?;
        if others == 0 {
            return Ok(());
        }
        sleep(LOOK_AGAIN).await;
    }
    bail!("somebody is still connected to the database, so what was counted is not all there")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walks_through_large_tables_are_named() {
        let table = |walks, passed, rows| Counted { walks, passed, fetched: 0, rows };
        let tables = |orders, users, records| {
            let all = [("orders", orders), ("users", users), ("idempotency_records", records)];
            all.map(|(name, counted)| (name.to_owned(), counted)).into()
        };
        let before = tables(table(7, 9_000_000, 1_000_000), table(0, 0, 2_001), table(0, 0, 0));
        // Small tables may be read as one likes, a growing one while it is small, and a first row is none of all.
        let fine = tables(table(8, 9_000_001, 1_000_000), table(900, 900_000, 2_001), table(1, 12, 70_000));
        assert_eq!(walked(&before, &fine, 9), Vec::<String>::new());
        let bad = tables(table(8, 10_000_000, 1_000_000), table(0, 0, 2_001), table(1, 12, 70_000));
        assert_eq!(walked(&before, &bad, 9), ["orders (1 times, 1000000 rows, of 1000000)"]);
        let by_index =
            |fetched| tables(Counted { fetched, ..before["orders"] }, table(0, 0, 2_001), table(0, 0, 0));
        assert_eq!(walked(&before, &by_index(21_000), 1_000), Vec::<String>::new());
        let of_others = walked(&before, &by_index(2_000_000), 1_000);
        assert_eq!(of_others, ["orders (by an index, 2000000 rows for 1000 answers)"]);
    }

    #[tokio::test]
    async fn a_walk_is_seen_and_a_look_is_not() {
        let postgres = crate::shop::Postgres::start().unwrap();
        let database = postgres.new_database().unwrap();
        let run = async |sql: &str| {
            let connection = database.connect().await.unwrap();
            connection.execute_unprepared(sql).await.unwrap();
            connection.close().await.unwrap();
        };
        run("CREATE TABLE orders (id bigint PRIMARY KEY, total bigint NOT NULL)").await;
        run("INSERT INTO orders SELECT n, n FROM generate_series(1, 20000) n").await;
        let walks = Walks::begin(&database).await.unwrap();
        run("ANALYZE orders").await;
        run("SELECT total FROM orders WHERE id = 7").await;
        walks.ensure_none(1).await.unwrap();
        let walks = Walks::begin(&database).await.unwrap();
        run("SELECT id FROM orders WHERE total = 7").await;
        let error = walks.ensure_none(1).await.unwrap_err().to_string();
        assert!(error.contains("orders (1 times, 20000 rows, of 20000)"), "{error}");
    }
}
