//! Development tasks of Jangteo: `cargo xtask --help` lists them.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool talks to its terminal")]

mod bench;
mod check_deploy;
mod check_deps;
mod check_docs;
mod check_packages;
mod ci;
mod erd;
mod generated;
mod generated_requests;
mod openapi;
mod program;
mod python;
mod services;
mod workspace;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::workspace::Workspace;

/// Development tasks of Jangteo.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Checks that every member depends only on what its place in the architecture may know, and that
    /// docs/dependencies.md lists what they take from others.
    CheckDeps {
        /// The Cargo.toml of the workspace to check [default: this workspace].
        #[arg(long, value_name = "PATH")]
        manifest_path: Option<PathBuf>,
    },
    /// Checks that every link in the documents leads somewhere, that decision records are whole and name files that are
    /// there, and that every diagram parses.
    CheckDocs,
    /// Checks that each crate for importers says what it is and can be packaged, with its licences and no more than its sources.
    CheckPackages {
        /// Also builds and tests them as an importer has them, each from its package and those of the others. That takes minutes.
        #[arg(long)]
        build: bool,
    },
    /// Writes the page about the tables to docs/erd/ERD.md: the schema that the migrations make, and what docs/erd/tables.md
    /// says of each table.
    Erd {
        /// Writes nothing; exits 1 if the committed page is stale, or if a table is not described.
        #[arg(long)]
        check: bool,
    },
    /// Checks that what is in deploy/ is what Kubernetes takes, and that the image is built of files that are there.
    CheckDeploy,
    /// Writes the OpenAPI document of the server to docs/api-spec/openapi.yaml.
    Openapi {
        /// Writes nothing; exits 1 if the committed document is stale.
        #[arg(long)]
        check: bool,
    },
    /// Sends requests that are made up from the OpenAPI document to a throw-away shop, with Schemathesis.
    GeneratedRequests {
        /// How many are made up for an operation, a role and a way of making them up, at most.
        #[arg(long, default_value_t = generated_requests::EXAMPLES)]
        examples: u32,
    },
    /// Starts throw-away database servers to try things out with, until it is interrupted.
    Services {
        /// Only these: postgres, mariadb [default: all].
        only: Vec<String>,
    },
    /// Builds the release server and the benchmarks, and runs them: docs/benchmarks tells of it.
    Bench {
        /// What to measure and how: `cargo xtask bench -- --help` lists it.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Runs every step of continuous integration, in order, up to the first that fails.
    Ci,
}

fn main() -> ExitCode {
    let here = Workspace::here();
    let outcome = match Cli::parse().task {
        Task::CheckDeps { manifest_path } => {
            let manifest = manifest_path.unwrap_or_else(|| here.root().join("Cargo.toml"));
            check_deps::run(&manifest)
        }
        Task::CheckDocs => check_docs::run(&here),
        Task::CheckPackages { build } => check_packages::run(&here, build),
        Task::Erd { check: false } => erd::write(&here),
        Task::Erd { check: true } => erd::check(&here),
        Task::CheckDeploy => check_deploy::run(&here),
        Task::Openapi { check: false } => openapi::write(&here),
        Task::Openapi { check: true } => openapi::check(&here),
        Task::GeneratedRequests { examples } => generated_requests::run(&here, examples),
        Task::Services { only } => services::run(&here, &only),
        Task::Bench { arguments } => bench::run(&here, &arguments),
        Task::Ci => ci::run(&here),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
