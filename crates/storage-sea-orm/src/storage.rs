//! The storage: its pools, its schema, and the start of transactions.

use std::fmt;
use std::fs::File;
use std::num::NonZeroU32;
use std::sync::Arc;

use jangteo_migrations::{Migrator, MigratorTrait};
use jangteo_shared_kernel::{StorageError, UnitOfWork};
use jangteo_user::FieldCipher;
use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, Statement, TransactionTrait};

use crate::engine::{Engine, Pools};
use crate::lane::Lane;
use crate::options::{ConnectError, StorageOptions, WrittenProducts};
use crate::replicas::Replicas;
use crate::transaction::SeaOrmTransaction;

/// Every repository and query of Jangteo on SeaORM. A clone shares the pools.
#[derive(Clone)]
pub struct SeaOrmStorage {
    pub(crate) writer: Lane<DatabaseConnection>,
    pub(crate) reader: Lane<DatabaseConnection>,
    pub(crate) replicas: Arc<Replicas>,
    pub(crate) cipher: Arc<dyn FieldCipher>,
    pub(crate) options: StorageOptions,
    /// Nobody puts another file in the place of an embedded database meanwhile.
    _held: Option<Arc<File>>,
}

impl SeaOrmStorage {
    /// Opens the database. Its schema stays as it is; see [`SeaOrmStorage::migrate`]. Replicas need not be there.
    pub async fn connect(
        options: &StorageOptions,
        cipher: Arc<dyn FieldCipher>,
    ) -> Result<Self, ConnectError> {
        let engine = Engine::of(&options.url)?;
        let pools = engine.connect(options).await?;
        Self::over(pools, engine, options, cipher).await
    }

    pub(crate) async fn over(
        pools: Pools,
        engine: Engine,
        options: &StorageOptions,
        cipher: Arc<dyn FieldCipher>,
    ) -> Result<Self, ConnectError> {
        let replicas = Arc::new(Replicas::connect_later(engine, options).await?);
        let lane = |connection| Lane { connection, engine, on_statement: options.on_statement.clone() };
        let (writer, reader) = (lane(pools.writer), lane(pools.reader));
        let (options, held) = (options.clone(), pools.held.map(Arc::new));
        Ok(Self { writer, reader, replicas, cipher, options, _held: held })
    }

    /// The same storage, whose transactions run on so many connections of their own: for somebody who has as many
    /// transactions under way and waits for nobody. They belong to the run time on which this is called. An embedded database
    /// has one writer, which everybody shares.
    pub async fn with_own_writers(&self, connections: NonZeroU32) -> Result<Self, ConnectError> {
        let connection = match self.writer.engine.connect_writers(&self.options, connections.get()).await? {
            Some(own) => own,
            None => self.writer.connection.clone(),
        };
        let writer = Lane { connection, ..self.writer.clone() };
        Ok(Self { writer, ..self.clone() })
    }

    /// Whether transactions can go side by side. On an embedded database one goes after the other.
    #[must_use]
    pub fn writes_side_by_side(&self) -> bool {
        self.writer.engine.writes_side_by_side()
    }

    /// Whether the database answers a reader.
    pub async fn ping(&self) -> Result<(), StorageError> {
        let question = Statement::from_string(self.reader.engine.dialect().backend(), "SELECT 1");
        self.reader.fetch(question).await.map(|_| ())
    }

    /// How many replicas do not answer. Reads that they would answer go to the primary.
    pub async fn lost_replicas(&self) -> usize {
        self.replicas.lost().await
    }

    /// Brings the schema up to date and names the changes that were made. Of several instances at once one makes them, and
    /// the others wait for it. All changes are made or none, but on MySQL and MariaDB, where each step commits by itself;
    /// what failed half-way there is taken up where it stopped.
    pub async fn migrate(&self) -> Result<Vec<String>, StorageError> {
        let error = |error| self.writer.engine.error(error);
        let tx = self.begin_migrating().await?;
        let made = pending(&tx, self.writer.engine).await?;
        Migrator::up(&tx, None).await.map_err(error)?;
        tx.commit().await.map_err(error)?;
        Ok(made)
    }

    /// Takes back the latest `changes` of the schema, with what is in their tables.
    pub async fn migrate_down(&self, changes: u32) -> Result<(), StorageError> {
        let error = |error| self.writer.engine.error(error);
        let tx = self.begin_migrating().await?;
        pending(&tx, self.writer.engine).await?;
        Migrator::down(&tx, Some(changes)).await.map_err(error)?;
        tx.commit().await.map_err(error)
    }

    /// The changes that the schema lacks. Writes nothing.
    pub async fn pending_migrations(&self) -> Result<Vec<String>, StorageError> {
        pending(&self.reader.connection, self.reader.engine).await
    }

    /// Closes all connections once what runs on them is done.
    pub async fn close(&self) -> Result<(), StorageError> {
        self.replicas.close().await?;
        // The writer last: it tidies up.
        for lane in [&self.reader, &self.writer] {
            lane.connection.close_by_ref().await.map_err(|error| lane.engine.error(error))?;
        }
        Ok(())
    }

    /// Reads that have to fit together: all of them see one moment.
    pub(crate) async fn one_moment(&self) -> Result<Lane<DatabaseTransaction>, StorageError> {
        let Lane { connection, engine, on_statement } = &self.reader;
        let begun = connection.begin_with_options(engine.dialect().one_moment()).await;
        let connection = begun.map_err(|error| engine.error(error))?;
        Ok(Lane { connection, engine: *engine, on_statement: on_statement.clone() })
    }

    pub(crate) async fn begin_migrating(&self) -> Result<DatabaseTransaction, StorageError> {
        self.writer.engine.begin_migrating(&self.options, &self.writer.connection).await
    }

    async fn begin_writing(&self) -> Result<DatabaseTransaction, StorageError> {
        let engine = self.writer.engine;
        self.writer
            .connection
            .begin_with_options(engine.dialect().writing())
            .await
            .map_err(|error| engine.error(error))
    }
}

/// The changes that a schema lacks. One that has others is newer than this binary, which had better leave it alone.
async fn pending(db: &impl ConnectionTrait, engine: Engine) -> Result<Vec<String>, StorageError> {
    let error = |error| engine.error(error);
    match Migrator::get_pending_migrations_read_only(db).await {
        Ok(pending) => Ok(pending.iter().map(|change| change.name().to_owned()).collect()),
        // It says so in words of its own if there are others, and perhaps if there is something else.
        Err(other @ DbErr::Custom(_)) => {
            let unknown = Migrator::unknown(db).await.map_err(error)?;
            Err(if unknown.is_empty() { error(other) } else { newer(&unknown) })
        }
        Err(other) => Err(error(other)),
    }
}

fn newer(unknown: &[String]) -> StorageError {
    let (changes, unknown) = (if unknown.len() == 1 { "change" } else { "changes" }, unknown.join(", "));
    let problem = format!(
        "the schema is newer than this binary: it has the {changes} {unknown}, which this binary does not know"
    );
    StorageError::Fatal(problem.into())
}

impl UnitOfWork for SeaOrmStorage {
    type Tx = SeaOrmTransaction;

    async fn begin(&self) -> Result<SeaOrmTransaction, StorageError> {
        let connection = self.begin_writing().await?;
        let Lane { engine, on_statement, .. } = &self.writer;
        let lane = Lane { connection, engine: *engine, on_statement: on_statement.clone() };
        Ok(SeaOrmTransaction {
            lane,
            cipher: Arc::clone(&self.cipher),
            written_products: WrittenProducts::default(),
            on_written_products: self.options.on_written_products.clone(),
        })
    }
}

impl fmt::Debug for SeaOrmStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SeaOrmStorage").field("engine", &self.writer.engine).finish_non_exhaustive()
    }
}
