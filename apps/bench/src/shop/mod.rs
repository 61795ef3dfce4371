//! The shop that is loaded: its database, what is in it, and the server as a child process.

mod database;
mod history;
mod seed;
mod server;
mod walks;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::rc::Rc;

use anyhow::{Context as _, Result, ensure};
use jangteo_security::{ServiceKeys, SystemEntropy};
use tempfile::TempDir;

use crate::clock;

pub(crate) use self::database::{Database, Postgres};
pub(crate) use self::seed::{Buyer, INITIAL_STOCK, POINTS, World};
pub(crate) use self::server::Running;
pub(crate) use self::walks::Walks;

/// A server that is not running, with its keys and its database.
#[derive(Debug)]
pub(crate) struct Shop {
    binary: Binary,
    /// Where it works. Its keys are where an embedded database has them.
    folder: Rc<TempDir>,
    pub(crate) database: Database,
}

impl Shop {
    /// A shop with the schema of this server and nothing in it.
    pub(crate) fn new(binary: &Path, database: Database) -> Result<Self> {
        let shop = Self { binary: Binary::found(binary)?, folder: Rc::new(tempfile::tempdir()?), database };
        ServiceKeys::generate_file(&shop.keys(), &SystemEntropy)?;
        let migrated = shop.run(&["migrate"])?;
        ensure!(migrated.status.success(), "the schema cannot be made: {}", said(&migrated));
        Ok(shop)
    }

    /// A shop that has never been started, which makes itself an embedded database. Its keys are there.
    pub(crate) fn in_empty_folder(binary: &Path) -> Result<Self> {
        let folder = Rc::new(tempfile::tempdir()?);
        let database = Database::Sqlite {
            url: format!("sqlite://{}", folder.path().join("data/jangteo.sqlite").display()),
            folder: Rc::clone(&folder),
        };
        let shop = Self { binary: Binary::found(binary)?, folder, database };
        ServiceKeys::generate_file(&shop.keys(), &SystemEntropy)?;
        Ok(shop)
    }

    /// The same shop, with the same keys and people, on a copy of its database.
    pub(crate) fn on(&self, database: Database) -> Self {
        Self { binary: self.binary.clone(), folder: Rc::clone(&self.folder), database }
    }

    /// Fills it with people and products.
    pub(crate) async fn seed(&self, buyers: usize, products: usize) -> Result<World> {
        let filled = seed::fill(&self.keys(), self.database.url(), buyers, products).await;
        let world = filled.context("the shop cannot be filled")?;
        self.database.settle().await?;
        Ok(world)
    }

    /// Gives it so many orders of the past, of all its people.
    pub(crate) async fn add_history(&self, orders: usize) -> Result<()> {
        history::add(&self.database, orders).await.context("the orders of the past cannot be made")
    }

    /// Starts its server, with these variables of the environment besides.
    pub(crate) async fn start(&self, variables: &[(&str, &str)]) -> Result<Running> {
        let mut command = self.command();
        command.args(["serve", "--migrate"]).envs(variables.iter().copied());
        Running::start(command, &self.folder.path().join("log"), self.database.parent().await?)
    }

    /// Whether everything adds up; if not, which rules are broken.
    pub(crate) fn audit(&self) -> Result<()> {
        let from = clock::now();
        println!("  The audit goes through all rows; minutes if there are millions.");
        let audit = self.run(&["audit"])?;
        println!("  It took {:.1} s.", from.elapsed().as_secs_f64());
        ensure!(audit.status.success(), "the audit finds faults:\n{}", said(&audit));
        Ok(())
    }

    fn keys(&self) -> PathBuf {
        self.folder.path().join("data/keys/keys.json")
    }

    fn run(&self, arguments: &[&str]) -> Result<Output> {
        Ok(self.command().args(arguments).output()?)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.binary.path);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("JANGTEO") {
                command.env_remove(name);
            }
        }
        command
            .current_dir(self.folder.path())
            .env("JANGTEO__SERVER__BIND", "127.0.0.1:0")
            .env("JANGTEO__DATABASE__URL", self.database.url())
            // One address and a few log-ins make all the load.
            .env("JANGTEO__RATE_LIMIT__ENABLED", "false")
            .env("JANGTEO__LOG__FILTER", "warn");
        if self.binary.is_told_where_keys_are {
            command.env("JANGTEO__KEYS__FILE", self.keys());
        }
        command
    }
}

/// A release build of a server, maybe an old one.
#[derive(Debug, Clone)]
struct Binary {
    path: PathBuf,
    /// A server from before ADR-040 refuses the setting `keys.file`, which it does not know, and finds its keys without.
    is_told_where_keys_are: bool,
}

impl Binary {
    fn found(path: &Path) -> Result<Self> {
        let found = path.canonicalize();
        let path =
            found.with_context(|| format!("there is no server at {}; build it first", path.display()))?;
        let keys = Command::new(&path).args(["keys", "--help"]).output()?;
        Ok(Self { path, is_told_where_keys_are: keys.status.success() })
    }
}

fn said(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|said| String::from_utf8_lossy(said)).concat()
}
