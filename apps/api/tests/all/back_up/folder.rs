//! A folder that commands run in, and what is in it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Output};
use std::sync::Arc;

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};
use tempfile::TempDir;

use crate::support::Server;
use crate::support::server::{run_in, spawn_in};

pub(super) const DATABASE: &str = "data/jangteo.sqlite";
pub(super) const KEYS: &str = "data/keys/keys.json";

pub(super) struct Folder(TempDir);

impl Folder {
    pub(super) fn empty() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    /// The shop of `jangteo demo`.
    pub(super) fn demo() -> Self {
        let folder = Self::empty();
        folder.done(&["demo"]);
        // Closes it, so that it is one file.
        folder.done(&["audit"]);
        folder
    }

    /// A folder with the keys of another one and nothing else.
    pub(super) fn with_keys_of(other: &Path) -> Self {
        let folder = Self::empty();
        fs::create_dir_all(folder.file("data/keys")).expect("a folder");
        fs::copy(other.join(KEYS), folder.file(KEYS)).expect("a copy of the keys");
        folder
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    pub(super) fn run(&self, arguments: &[&str]) -> Output {
        run_in(self.path(), &[], arguments, "")
    }

    pub(super) fn spawn(&self, arguments: &[&str]) -> Child {
        spawn_in(self.path(), &[], arguments)
    }

    /// Runs a command that succeeds, and gives what it has said.
    #[track_caller]
    pub(super) fn done(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", said(&output));
        said(&output)
    }

    /// Runs a command that is refused with these words, and that leaves every file as it is.
    #[track_caller]
    pub(super) fn refuses(&self, variables: &[(&str, &str)], arguments: &[&str], words: &[&str]) {
        let before = self.content();
        let output = run_in(self.path(), variables, arguments, "");
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", said(&output));
        let said = said(&output);
        assert!(words.iter().all(|words| said.contains(words)), "{arguments:?}: {words:?} is not in {said}");
        self.is_as(&before);
    }

    /// Every file is there as it was, and no other.
    #[track_caller]
    pub(super) fn is_as(&self, before: &BTreeMap<PathBuf, Vec<u8>>) {
        let after = self.content();
        let names = |files: &BTreeMap<PathBuf, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&after), names(before));
        let changed: Vec<_> = after.iter().filter(|(name, bytes)| before[*name] != **bytes).collect();
        assert!(
            changed.is_empty(),
            "changed: {:?}",
            changed.iter().map(|(name, _)| name).collect::<Vec<_>>()
        );
    }

    /// Every file with its bytes. What a server logs meanwhile does not matter, nor what its readers note for each other.
    pub(super) fn content(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let (mut files, mut folders) = (BTreeMap::new(), vec![self.path().to_owned()]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_none_or(|end| end != "sqlite-shm") && !path.ends_with("log") {
                    let bytes = fs::read(&path).unwrap_or_default();
                    files.insert(path, bytes);
                }
            }
        }
        files
    }

    /// What is in a folder, by name.
    pub(super) fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.file(folder)).expect("a folder");
        let mut names: Vec<_> = entries
            .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
            .collect();
        names.sort();
        names
    }

    /// Starts a server here.
    pub(super) fn serve(self) -> Server {
        Server::launch(Arc::new(self.0), Vec::new())
    }
}

/// What a command has said.
pub(super) fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

pub(super) fn text(path: &Path) -> &str {
    path.to_str().expect("a name in UTF-8")
}

/// A connection to a file, past everything.
pub(super) async fn by_hand(file: &Path) -> DatabaseConnection {
    let mut one = ConnectOptions::new(format!("sqlite://{}", file.display()));
    one.max_connections(1).sqlx_logging(false);
    Database::connect(one).await.expect("a connection")
}

/// Runs SQL on a file, past all constraints.
pub(super) async fn change(file: &Path, sql: &str) {
    let db = by_hand(file).await;
    for text in ["PRAGMA ignore_check_constraints = ON", "PRAGMA foreign_keys = OFF", sql] {
        db.execute_unprepared(text).await.expect(text);
    }
    db.close().await.expect("it closes");
}

/// A number out of a file.
pub(super) async fn number(file: &Path, sql: &str) -> i64 {
    let db = by_hand(file).await;
    let row = db.query_one_raw(Statement::from_string(DbBackend::Sqlite, sql)).await.expect(sql);
    db.close().await.expect("it closes");
    row.expect("a row").try_get_by_index(0).expect("a number")
}
