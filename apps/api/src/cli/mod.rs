//! The command line.

mod admin;
mod arguments;
mod audit;
mod backup;
mod demo;
mod keys;
mod migrate;
mod progress;
mod ranking;
mod restore;
mod serve;
mod signals;

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::process::ExitCode;

use actix_web::rt::System;
use clap::Parser;

use self::arguments::{AdminCommand, Arguments, Command, KeysCommand, RankingCommand};
use crate::config::{ConfigFault, Configuration, Origins};
use crate::observe::start_telling;
use crate::openapi;

/// Done.
const DONE: u8 = 0;
/// Refused, or a fault was found.
const REFUSED: u8 = 1;
/// Wrong usage: of the command line or of the configuration.
const USAGE: u8 = 2;

/// Runs a command line to its end.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments).and_then(Arguments::checked) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help goes to standard output and is no fault. If it cannot be written, there is nobody to tell.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { USAGE } else { DONE });
        }
    };
    let code = match execute(arguments) {
        Ok(code) => code,
        Err(error) => {
            // If this cannot be written, the exit code still tells.
            let _ = writeln!(io::stderr(), "error: {error:#}");
            if error.is::<ConfigFault>() { USAGE } else { REFUSED }
        }
    };
    ExitCode::from(code)
}

fn execute(arguments: Arguments) -> anyhow::Result<u8> {
    let Arguments { profile, config, command } = arguments;
    let command = command.unwrap_or(Command::Serve { migrate: false });
    // The document does not depend on any setting.
    if matches!(command, Command::Openapi) {
        say(openapi::document().to_yaml()?.trim_end())?;
        return Ok(DONE);
    }
    // Nor do new keys, which may have to be there before there can be settings.
    if let Command::Keys { command: KeysCommand::Generate { file } } = &command {
        return keys::generate(file.as_deref());
    }
    let profile = profile.or_else(|| std::env::var("JANGTEO_PROFILE").ok()).filter(|name| !name.is_empty());
    let configuration = Configuration::load(&Origins::of_this_process(config, profile))?;
    let settings = &configuration.settings;
    let serves = matches!(command, Command::Serve { .. });
    let traces = start_telling(settings, serves)?;
    let outcome = match command {
        Command::Openapi | Command::Keys { command: KeysCommand::Generate { .. } } => Ok(DONE),
        Command::Config => {
            say(configuration.to_string().trim_end())?;
            for warning in configuration.warnings() {
                writeln!(io::stderr(), "warning: {warning}")?;
            }
            Ok(DONE)
        }
        Command::Serve { migrate } => System::new().block_on(serve::run(&configuration, migrate, &traces)),
        Command::Migrate { check, down } => System::new().block_on(migrate::run(settings, check, down)),
        Command::Audit { json } => System::new().block_on(audit::run(settings, json)),
        Command::Backup { to } => System::new().block_on(backup::run(settings, &to)),
        Command::Restore { from, replace } => System::new().block_on(restore::run(settings, &from, replace)),
        Command::Ranking { command: RankingCommand::Rebuild { from, until } } => {
            System::new().block_on(ranking::rebuild(settings, from, until))
        }
        Command::Keys { command: KeysCommand::Rotate { new_key } } => {
            System::new().block_on(keys::rotate(settings, new_key))
        }
        Command::Keys { command: KeysCommand::List } => System::new().block_on(keys::list(settings)),
        Command::Keys { command: KeysCommand::Prune } => System::new().block_on(keys::prune(settings)),
        Command::Demo => System::new().block_on(demo::run(settings)),
        Command::Admin { command: AdminCommand::Create { email, name } } => {
            System::new().block_on(admin::create(settings, email, name))
        }
    };
    traces.close();
    outcome
}

/// Prints a line for the person who asked.
fn say(text: impl AsRef<str>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", text.as_ref())?;
    out.flush()
}
