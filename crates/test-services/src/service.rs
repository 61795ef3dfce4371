//! The kinds of servers.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

use crate::authority::{CERTIFICATE, KEY};
use crate::binaries::{Binaries, MissingBinary};

/// A kind of server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// PostgreSQL.
    Postgres,
    /// MariaDB, which stands for MySQL too.
    MariaDb,
}

/// What a server is to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Nothing.
    Alone,
    /// Others may follow it. For MariaDB that is a log besides, and another way to commit.
    Primary,
    /// It follows another one.
    Replica,
    /// Nothing, and it takes encrypted connections only.
    Encrypted,
}

/// A program with its arguments.
pub(crate) type Call = Vec<OsString>;

impl Service {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Postgres, Self::MariaDb];

    /// What it is called in `docker-compose.yml` and on command lines.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::MariaDb => "mariadb",
        }
    }

    /// The package of Debian and Ubuntu that has its binaries.
    #[must_use]
    pub const fn debian_package(self) -> &'static str {
        match self {
            Self::Postgres => "postgresql",
            Self::MariaDb => "mariadb-server",
        }
    }

    /// Where a program is that comes with it, such as `pgbench`.
    pub fn program(self, name: &str) -> Result<PathBuf, MissingBinary> {
        Binaries::of(self).find(name)
    }

    /// How the data in the folder is made.
    pub(crate) fn initialise(self, folder: &Path) -> Result<Call, MissingBinary> {
        let data = folder.join("data");
        Ok(match self {
            Self::Postgres => call(
                Binaries::of(self).find("initdb")?,
                [
                    "--username=jangteo",
                    "--auth=trust",
                    "--encoding=UTF8",
                    "--locale=C",
                    "--no-sync",
                    &format!("--pgdata={}", data.display()),
                ],
            ),
            Self::MariaDb => call(
                Binaries::of(self).find("mariadb-install-db")?,
                [
                    "--no-defaults",
                    "--auth-root-authentication-method=normal",
                    "--skip-test-db",
                    "--skip-name-resolve",
                    &own_tmpdir(folder),
                    &format!("--datadir={}", data.display()),
                ],
            ),
        })
    }

    /// How it is run.
    pub(crate) fn serve(self, folder: &Path, port: u16, role: Role) -> Result<Call, MissingBinary> {
        let data = folder.join("data");
        let mut serve = match self {
            Self::Postgres => call(
                Binaries::of(self).find("postgres")?,
                [
                    "-D",
                    &data.display().to_string(),
                    "-p",
                    &port.to_string(),
                    "-c",
                    "listen_addresses=127.0.0.1",
                    "-c",
                    &format!("unix_socket_directories={}", folder.display()),
                    "-c",
                    "max_connections=400",
                ],
            ),
            Self::MariaDb => call(
                Binaries::of(self).find("mariadbd")?,
                [
                    "--no-defaults",
                    "--bind-address=127.0.0.1",
                    "--skip-name-resolve",
                    "--max-connections=400",
                    &own_tmpdir(folder),
                    &format!("--port={port}"),
                    &format!("--datadir={}", data.display()),
                    &format!("--socket={}", folder.join("socket").display()),
                    &format!("--pid-file={}", folder.join("pid").display()),
                ],
            ),
        };
        if role == Role::Encrypted {
            let [certificate, key] = [CERTIFICATE, KEY].map(|name| folder.join(name).display().to_string());
            let tls = match self {
                Self::Postgres => {
                    ["ssl=on", &format!("ssl_cert_file={certificate}"), &format!("ssl_key_file={key}")]
                        .map(|setting| format!("--{setting}"))
                }
                Self::MariaDb => [
                    "--require-secure-transport".to_owned(),
                    format!("--ssl-cert={certificate}"),
                    format!("--ssl-key={key}"),
                ],
            };
            serve.extend(tls.map(OsString::from));
        }
        let more: &[&str] = match (self, role) {
            (Self::MariaDb, Role::Primary) => &["--log-bin=log", "--binlog-format=ROW"],
            (Self::MariaDb, Role::Replica) => &["--read-only"],
            _ => &[],
        };
        serve.extend(more.iter().map(OsString::from));
        if self == Self::MariaDb && matches!(role, Role::Primary | Role::Replica) {
            // Servers that replicate must not have the same number.
            serve.push(format!("--server-id={port}").into());
        }
        Ok(serve)
    }

    /// Has PostgreSQL take no plain connections. MariaDB is told so when it is run.
    pub(crate) fn refuse_plain(self, folder: &Path) -> io::Result<()> {
        match self {
            Self::Postgres => {
                fs::write(folder.join("data/pg_hba.conf"), "hostssl all all 127.0.0.1/32 trust\n")
            }
            Self::MariaDb => Ok(()),
        }
    }

    /// How the data of a replica in the folder is made. PostgreSQL copies that of the primary on this port. MariaDB begins
    /// with none, since all that its primary ever did is in its log.
    pub(crate) fn copy(self, folder: &Path, primary: u16) -> Result<Call, MissingBinary> {
        match self {
            Self::Postgres => Ok(call(
                Binaries::of(self).find("pg_basebackup")?,
                [
                    "--host=127.0.0.1",
                    "--port",
                    &primary.to_string(),
                    "--username=jangteo",
                    "--pgdata",
                    &folder.join("data").display().to_string(),
                    "--write-recovery-conf",
                    "--wal-method=stream",
                    "--checkpoint=fast",
                    "--no-sync",
                ],
            )),
            Self::MariaDb => self.initialise(folder),
        }
    }

    /// What its log says when it can be used.
    pub(crate) const fn ready(self, role: Role) -> &'static str {
        match (self, role) {
            (Self::Postgres, Role::Replica) => "database system is ready to accept read",
            (Self::Postgres, _) => "database system is ready to accept connections",
            (Self::MariaDb, _) => "ready for connections",
        }
    }

    /// The signal that ends it at once. MariaDB would tidy up otherwise.
    pub(crate) const fn end(self) -> &'static str {
        match self {
            Self::Postgres => "QUIT",
            Self::MariaDb => "KILL",
        }
    }

    /// How a statement is run by hand, and prints what it answers.
    pub(crate) fn execute(self, role: Role, port: u16, sql: &str) -> Result<Call, MissingBinary> {
        let port = port.to_string();
        let mut execute = match self {
            Self::Postgres => call(
                Binaries::of(self).find("psql")?,
                [
                    "--no-psqlrc",
                    "--quiet",
                    "--tuples-only",
                    "--no-align",
                    "--set=ON_ERROR_STOP=1",
                    "--host=127.0.0.1",
                    "--port",
                    &port,
                    "--username=jangteo",
                    "--dbname=postgres",
                    "--command",
                    sql,
                ],
            ),
            Self::MariaDb => call(
                Binaries::of(self).find("mariadb")?,
                [
                    "--no-defaults",
                    "--batch",
                    "--skip-column-names",
                    "--host=127.0.0.1",
                    "--port",
                    &port,
                    "--user=root",
                    "--execute",
                    sql,
                ],
            ),
        };
        // The client of PostgreSQL finds out by itself.
        if self == Self::MariaDb && role == Role::Encrypted {
            execute.extend(["--ssl", "--skip-ssl-verify-server-cert"].map(Into::into));
        }
        Ok(execute)
    }

    /// Where a database of a server on this port is.
    pub(crate) fn url(self, port: u16, database: &str) -> String {
        match self {
            Self::Postgres => format!("postgres://jangteo@127.0.0.1:{port}/{database}"),
            Self::MariaDb => format!("mysql://root@127.0.0.1:{port}/{database}"),
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Postgres => "PostgreSQL",
            Self::MariaDb => "MariaDB",
        })
    }
}

/// A MariaDB that starts removes the temporary tables that it finds, and in a common folder they are those of others.
fn own_tmpdir(folder: &Path) -> String {
    format!("--tmpdir={}", folder.display())
}

fn call<const N: usize>(program: impl Into<OsString>, arguments: [&str; N]) -> Call {
    let mut call = vec![program.into()];
    call.extend(arguments.map(OsString::from));
    call
}
