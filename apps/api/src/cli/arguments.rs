//! What can be said on the command line.

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};
use jangteo_user::{Email, PersonName};

use crate::body::values::date;

/// A commerce backend in one binary. Without a command it serves.
///
/// Exit codes: 0 done; 1 refused, or a fault was found; 2 wrong usage or configuration.
#[derive(Debug, Parser)]
#[command(name = "jangteo", version)]
pub(super) struct Arguments {
    /// Reads jangteo.PROFILE.toml as well. Also: `JANGTEO_PROFILE`.
    #[arg(long, global = true)]
    pub(super) profile: Option<String>,
    /// Reads this file instead of jangteo.toml.
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Starts the server. The embedded database is brought up to date first; a database on a server has to be.
    Serve {
        /// Brings a database on a server up to date first, too. (The embedded one always is.)
        #[arg(long)]
        migrate: bool,
    },
    /// Brings the database schema up to date.
    Migrate {
        /// Changes nothing; exits with 1 if the schema is not up to date.
        #[arg(long, conflicts_with = "down")]
        check: bool,
        /// Takes the latest N changes back, with what is in their tables.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
        down: Option<u32>,
    },
    /// Loads a small shop to try things out with. Safe to repeat, also while the server runs.
    Demo,
    /// Proves that stock, points and money add up, from the tables alone. Exits with 1 if anything does not.
    ///
    /// Safe while the server runs: everything is read as of one moment, and nothing is written.
    Audit {
        /// Prints the report as JSON, as `GET /api/v1/admin/audit` answers it.
        #[arg(long)]
        json: bool,
    },
    /// Copies the embedded database, as of one moment, and proves the copy.
    ///
    /// Safe while the server runs, whose writers do not wait for it. The keys are not in it.
    Backup {
        /// Where to. The file must not exist, and its folder must; nobody but its owner may read it.
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// Puts a proved copy in the place of the embedded database, while nothing has that open.
    ///
    /// The keys have to be there. FILE stays as it is. Read "After a restore" in docs/operations.md.
    Restore {
        /// The copy: what `jangteo backup` has made, or the file of a database that was closed.
        #[arg(long, value_name = "FILE")]
        from: PathBuf,
        /// Even if there is a database. It is kept beside the restored one, under a name that is told.
        #[arg(long)]
        replace: bool,
    },
    /// Manages what rankings are read from.
    Ranking {
        #[command(subcommand)]
        command: RankingCommand,
    },
    /// Manages the keys that personal data is sealed with.
    Keys {
        #[command(subcommand)]
        command: KeysCommand,
    },
    /// Manages administrators.
    Admin {
        #[command(subcommand)]
        command: AdminCommand,
    },
    /// Prints the OpenAPI document as YAML.
    Openapi,
    /// Prints the effective configuration, each value with where it came from. Secrets are masked.
    Config,
}

#[derive(Debug, Subcommand)]
pub(super) enum AdminCommand {
    /// Makes an administrator's account. The password is read from standard input, one line.
    Create {
        /// The address to log in with.
        #[arg(long)]
        email: Email,
        /// What the person is called.
        #[arg(long)]
        name: PersonName,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum KeysCommand {
    /// Makes new keys: in FILE, which must not exist, or on standard output.
    Generate {
        /// What keys.file is to name. Its folder is made, and nobody else may read either.
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Seals all personal data again under a new key, while the server runs.
    ///
    /// Adds a key to the key file, which servers learn by themselves. If it is cut off, run it again: it goes on with what
    /// is left, without another key. If the current key has anything left to seal when it begins, it does just that.
    Rotate {
        /// Adds a key even if there is something left to do for the one before.
        #[arg(long)]
        new_key: bool,
    },
    /// Tells how many accounts are sealed with which key. Exits with 1 if one of those keys is missing.
    List,
    /// Takes the keys away from the key file that no account needs any more.
    ///
    /// Backups of the database from before the last rotation need them: keep a copy of the key file with those.
    Prune,
}

#[derive(Debug, Subcommand)]
pub(super) enum RankingCommand {
    /// Computes the daily roll-ups of past days anew, from orders and refunds. Nothing changes where nothing was wrong.
    ///
    /// For after a change of business.zone (then of every day, once all instances have the new one), or for days from
    /// before there were rankings. Safe while the server runs, which waits for one day at a time.
    Rebuild {
        /// The first day, such as 2026-11-01.
        #[arg(long, value_name = "DATE", value_parser = date)]
        from: NaiveDate,
        /// The day after the last.
        #[arg(long, value_name = "DATE", value_parser = date)]
        until: NaiveDate,
    },
}

impl Arguments {
    /// Refuses what each argument allows and both together do not.
    pub(super) fn checked(self) -> Result<Self, clap::Error> {
        if let Some(Command::Ranking { command: RankingCommand::Rebuild { from, until } }) = &self.command
            && from >= until
        {
            let problem = "--until is exclusive and must be after --from";
            return Err(Self::command().error(ErrorKind::ValueValidation, problem));
        }
        Ok(self)
    }
}
