//! The one way by which statements reach the database.

use std::fmt;

use jangteo_application::TRACE_TARGET;
use jangteo_shared_kernel::{StorageError, Timestamp};
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, EntityTrait, FromQueryResult, QueryResult, QueryTrait, SelectTwo,
    Statement, Value,
};
use tracing::{Instrument as _, Span, info_span};

use crate::engine::Engine;
use crate::error::not_all_saved;
use crate::options::StatementHook;
use crate::set::{
    CountSet, DeleteBefore, DeleteSet, InsertSet, LockDue, Prepared, SelectDue, SelectSet, UpdateSet,
    table_name,
};

/// A connection, a pool or an open transaction, with everything that running a statement on it takes.
#[derive(Clone)]
pub(crate) struct Lane<C> {
    pub(crate) connection: C,
    pub(crate) engine: Engine,
    pub(crate) on_statement: Option<StatementHook>,
}

impl<C: ConnectionTrait> Lane<C> {
    /// Runs a statement and says how many rows it touched.
    pub(crate) async fn run(&self, statement: Statement) -> Result<u64, StorageError> {
        let span = self.announce(&statement);
        let done = self.connection.execute_raw(statement).instrument(span).await;
        Ok(done.map_err(|error| self.engine.error(error))?.rows_affected())
    }

    /// Runs a statement and reads its rows.
    pub(crate) async fn fetch(&self, statement: Statement) -> Result<Vec<QueryResult>, StorageError> {
        let span = self.announce(&statement);
        let rows = self.connection.query_all_raw(statement).instrument(span).await;
        rows.map_err(|error| self.engine.error(error))
    }

    /// Tells of a statement that is about to run. Values are told to nobody.
    fn announce(&self, statement: &Statement) -> Span {
        if let Some(hook) = &self.on_statement {
            hook(&statement.sql);
        }
        info_span!(
            target: TRACE_TARGET,
            "statement",
            span.kind = "client",
            db.query.text = statement.sql,
        )
    }

    /// Inserts all rows by one statement; none by no rows.
    pub(crate) async fn insert<E: EntityTrait>(
        &self,
        statement: &InsertSet<E>,
        rows: &[E::Model],
    ) -> Result<(), StorageError> {
        let set = rows.iter().map(InsertSet::<E>::row).collect();
        self.save(table_name::<E>(), statement.prepared(self.engine), set).await
    }

    /// Updates all rows by one statement; none by no rows. Rows that are not there are an error.
    pub(crate) async fn update<E: EntityTrait>(
        &self,
        statement: &UpdateSet<E>,
        rows: &[E::Model],
    ) -> Result<(), StorageError> {
        let set = rows.iter().map(|row| statement.row(row)).collect();
        self.save(table_name::<E>(), statement.prepared(self.engine), set).await
    }

    /// The same with rows of values: the keys, then what is set or added.
    pub(crate) async fn update_by<E: EntityTrait>(
        &self,
        statement: &UpdateSet<E>,
        set: Vec<Vec<Value>>,
    ) -> Result<(), StorageError> {
        self.save(table_name::<E>(), statement.prepared(self.engine), set).await
    }

    async fn save(
        &self,
        table: &'static str,
        prepared: &Prepared,
        set: Vec<Vec<Value>>,
    ) -> Result<(), StorageError> {
        let expected = set.len();
        if expected == 0 {
            return Ok(());
        }
        let found = self.run(self.statement(prepared, set)?).await?;
        if u64::try_from(expected) == Ok(found) { Ok(()) } else { Err(not_all_saved(table, expected, found)) }
    }

    /// Reads the rows under all keys by one statement; none by no keys.
    pub(crate) async fn select<E: EntityTrait>(
        &self,
        statement: &SelectSet<E>,
        keys: Vec<Vec<Value>>,
    ) -> Result<Vec<E::Model>, StorageError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let statement = self.statement(statement.prepared(self.engine), keys)?;
        self.models::<E::Model>(statement).await
    }

    /// Counts the rows under each key by one statement, in the order of the keys; none by no keys.
    pub(crate) async fn count<E: EntityTrait>(
        &self,
        statement: &CountSet<E>,
        keys: Vec<Vec<Value>>,
    ) -> Result<Vec<i64>, StorageError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let statement = self.statement(statement.prepared(self.engine), keys)?;
        let rows = self.fetch(statement).await?;
        let counts = rows.iter().map(|row| row.try_get_by_index(0));
        counts.collect::<Result<_, _>>().map_err(|error| self.engine.error(error))
    }

    /// Deletes the rows under all keys by one statement, none by no keys, and says how many were there.
    pub(crate) async fn delete<E: EntityTrait>(
        &self,
        statement: &DeleteSet<E>,
        keys: Vec<Vec<Value>>,
    ) -> Result<u64, StorageError> {
        if keys.is_empty() {
            return Ok(0);
        }
        self.run(self.statement(statement.prepared(self.engine), keys)?).await
    }

    /// Deletes at most `most` rows from before `cutoff`, and says how many.
    pub(crate) async fn delete_before<E: EntityTrait>(
        &self,
        statement: &DeleteBefore<E>,
        cutoff: Timestamp,
        most: u32,
    ) -> Result<u64, StorageError> {
        let parameters = vec![cutoff.into(), i64::from(most).into()];
        self.run(self.engine.statement(statement.text(self.engine), parameters)).await
    }

    /// Reads at most so many rows that are due.
    pub(crate) async fn select_due<E: EntityTrait>(
        &self,
        statement: &SelectDue<E>,
        now: Timestamp,
        most: u32,
    ) -> Result<Vec<E::Model>, StorageError> {
        let parameters = vec![now.into(), i64::from(most).into()];
        self.models(self.engine.statement(statement.text(self.engine), parameters)).await
    }

    /// Locks at most so many rows that are due, and reads them.
    pub(crate) async fn lock_due<E: EntityTrait>(
        &self,
        statement: &LockDue<E>,
        now: Timestamp,
        most: u32,
    ) -> Result<Vec<E::Model>, StorageError> {
        let parameters = vec![now.into(), i64::from(most).into()];
        self.models(self.engine.statement(statement.text(self.engine), parameters)).await
    }

    /// Runs a query of the read side.
    pub(crate) async fn all<M: FromQueryResult>(
        &self,
        query: &impl QueryTrait,
    ) -> Result<Vec<M>, StorageError> {
        self.models(query.build(self.engine.dialect().backend())).await
    }

    /// Runs a query of the read side that has at most one row.
    pub(crate) async fn one<M: FromQueryResult>(
        &self,
        query: &impl QueryTrait,
    ) -> Result<Option<M>, StorageError> {
        Ok(self.all(query).await?.pop())
    }

    /// Runs a query of the read side over two tables, of which the second may have no row.
    pub(crate) async fn all_two<E: EntityTrait, F: EntityTrait>(
        &self,
        query: &SelectTwo<E, F>,
    ) -> Result<Vec<(E::Model, Option<F::Model>)>, StorageError> {
        let rows = self.fetch(query.build(self.engine.dialect().backend())).await?;
        let models = rows.iter().map(|row| {
            Ok((E::Model::from_query_result(row, "A_")?, F::Model::from_query_result_optional(row, "B_")?))
        });
        models.collect::<Result<_, _>>().map_err(|error| self.engine.error(error))
    }

    /// Runs a statement and reads its rows as models.
    pub(crate) async fn models<M: FromQueryResult>(
        &self,
        statement: Statement,
    ) -> Result<Vec<M>, StorageError> {
        let rows = self.fetch(statement).await?;
        let models = rows.iter().map(|row| M::from_query_result(row, ""));
        models.collect::<Result<_, _>>().map_err(|error| self.engine.error(error))
    }

    fn statement(&self, prepared: &Prepared, set: Vec<Vec<Value>>) -> Result<Statement, StorageError> {
        let parameters = self.engine.dialect().parameters(&prepared.row, set);
        let parameters = parameters.map_err(|error| self.engine.error(error))?;
        Ok(self.engine.statement(&prepared.text, parameters))
    }
}

impl Lane<DatabaseTransaction> {
    /// Ends a transaction that only read. Dropping it would do as well, but later.
    pub(crate) async fn finish(self) -> Result<(), StorageError> {
        self.connection.commit().await.map_err(|error| self.engine.error(error))
    }
}

impl<C> fmt::Debug for Lane<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lane").field("engine", &self.engine).finish_non_exhaustive()
    }
}
