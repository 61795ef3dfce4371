//! Databases for shops: on a throw-away PostgreSQL, or in a file.

use std::cell::Cell;
use std::rc::Rc;

use anyhow::{Context as _, Result};
use jangteo_test_services::{Server, Service};
use sea_orm::{ConnectionTrait as _, Database as Connect, DatabaseConnection, Statement};
use tempfile::TempDir;

use crate::usage;

/// What differs from the defaults of PostgreSQL, and what MUST be as it is for a commit to be durable.
const SETTINGS: &[(&str, &str)] = &[
    ("fsync", "on"),
    ("synchronous_commit", "on"),
    ("full_page_writes", "on"),
    ("shared_buffers", "1GB"),
    ("min_wal_size", "4GB"),
    ("max_wal_size", "8GB"),
];

/// Memory in huge pages that PostgreSQL needs for its buffers and the rest that its sessions share, in kB.
const SHARED_MEMORY: u64 = 1_200_000;

/// How many files of its log PostgreSQL has at hand before it is loaded, of 16 MiB each: `min_wal_size`. A server that has run
/// for a while writes into files of the past; a new one would fill a new file with zeros first, and every commit waits for it.
const LOG_FILES: u32 = 256;

/// What the file of an embedded database is called.
const FILE: &str = "jangteo.sqlite";

/// A throw-away PostgreSQL with settings of a small machine that has nothing else to do.
#[derive(Debug, Clone)]
pub(crate) struct Postgres {
    server: Rc<Server>,
    /// What it was told, and has.
    pub(crate) settings: Vec<(&'static str, &'static str)>,
    databases: Rc<Cell<u32>>,
}

/// A database of one shop.
#[derive(Debug, Clone)]
pub(crate) enum Database {
    Postgres { url: String, name: String, at: Postgres },
    Sqlite { url: String, folder: Rc<TempDir> },
}

impl Postgres {
    pub(crate) fn start() -> Result<Self> {
        let mut server = Server::start(Service::Postgres).context("PostgreSQL does not start")?;
        // A machine that has set huge pages aside has done so for its database. With `on`, it does not start without them.
        let huge_pages = if usage::free_huge_pages()? >= SHARED_MEMORY { "on" } else { "off" };
        let settings = [SETTINGS, &[("huge_pages", huge_pages)]].concat();
        for (name, value) in &settings {
            server.execute(&format!("ALTER SYSTEM SET {name} = '{value}'"))?;
        }
        // Some settings are read when it starts only.
        server.crash()?;
        server.start_again()?;
        for (name, value) in &settings {
            let holds = format!("DO 'BEGIN ASSERT current_setting(''{name}'') = ''{value}''; END'");
            server.execute(&holds).with_context(|| format!("{name} is not {value}"))?;
        }
        server.execute(&format!(
            "DO 'BEGIN FOR n IN 1..{LOG_FILES} LOOP \
             PERFORM pg_create_restore_point(''next''); PERFORM pg_switch_wal(); END LOOP; END'"
        ))?;
        server.execute("CHECKPOINT")?;
        Ok(Self { server: Rc::new(server), settings, databases: Rc::default() })
    }

    /// A database with nothing in it.
    pub(crate) fn new_database(&self) -> Result<Database> {
        self.create("")
    }

    /// What it calls itself.
    pub(crate) async fn version(&self) -> Result<String> {
        let connection = Connect::connect(self.server.url("postgres")).await?;
        let question = Statement::from_string(connection.get_database_backend(), "SELECT version()");
        let row = connection.query_one_raw(question).await?.context("a server has a version")?;
        let version: String = row.try_get_by_index(0)?;
        connection.close().await?;
        Ok(version)
    }

    fn create(&self, template: &str) -> Result<Database> {
        let name = format!("bench_{}", self.databases.replace(self.databases.get() + 1));
        self.server.execute(&format!("CREATE DATABASE {name} {template}"))?;
        Ok(Database::Postgres { url: self.server.url(&name), name, at: self.clone() })
    }
}

impl Database {
    pub(crate) fn url(&self) -> &str {
        match self {
            Self::Postgres { url, .. } | Self::Sqlite { url, .. } => url,
        }
    }

    /// The same data again, elsewhere. Nobody may be connected.
    pub(crate) fn copy(&self) -> Result<Self> {
        match self {
            Self::Postgres { name, at, .. } => at.create(&format!("TEMPLATE {name}")),
            Self::Sqlite { folder, .. } => {
                let to = Rc::new(tempfile::tempdir()?);
                std::fs::copy(folder.path().join(FILE), to.path().join(FILE))?;
                Ok(Self::in_folder(to))
            }
        }
    }

    /// An empty database of the same kind.
    pub(crate) fn new_one_beside(&self) -> Result<Self> {
        match self {
            Self::Postgres { at, .. } => at.new_database(),
            Self::Sqlite { .. } => Self::in_file(),
        }
    }

    /// A SQLite database of a file of its own.
    pub(crate) fn in_file() -> Result<Self> {
        Ok(Self::in_folder(Rc::new(tempfile::tempdir()?)))
    }

    fn in_folder(folder: Rc<TempDir>) -> Self {
        Self::Sqlite { url: format!("sqlite://{}", folder.path().join(FILE).display()), folder }
    }

    /// Deletes it, so that a long run does not fill the disk.
    pub(crate) fn discard(self) -> Result<()> {
        match self {
            Self::Postgres { name, at, .. } => {
                at.server.execute(&format!("DROP DATABASE {name} WITH (FORCE)"))?;
            }
            Self::Sqlite { .. } => {}
        }
        Ok(())
    }

    pub(crate) async fn connect(&self) -> Result<DatabaseConnection> {
        Ok(Connect::connect(self.url()).await?)
    }

    /// Has the database tidy up now what it would tidy up during the measurement.
    pub(crate) async fn settle(&self) -> Result<()> {
        let connection = self.connect().await?;
        let statements: &[&str] = match self {
            Self::Postgres { .. } => &["VACUUM ANALYZE", "CHECKPOINT"],
            Self::Sqlite { .. } => &["ANALYZE", "PRAGMA wal_checkpoint(TRUNCATE)"],
        };
        for statement in statements {
            connection.execute_unprepared(statement).await?;
        }
        Ok(connection.close().await?)
    }

    /// The process whose children do the work of the database.
    pub(crate) async fn parent(&self) -> Result<Option<u32>> {
        let Self::Postgres { .. } = self else { return Ok(None) };
        let connection = self.connect().await?;
        let question = Statement::from_string(connection.get_database_backend(), "SELECT pg_backend_pid()");
        let row = connection.query_one_raw(question).await?.context("a connection has a process")?;
        let process: i32 = row.try_get_by_index(0)?;
        let parent = usage::parent(u32::try_from(process)?)?;
        connection.close().await?;
        Ok(Some(parent))
    }
}
