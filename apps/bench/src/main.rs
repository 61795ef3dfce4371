//! The binary `jangteo-bench`: loads a release server of the shop, checks afterwards that nothing was lost, and compares
//! what it measured with the limits of the machine. `cargo xtask bench` builds and runs it.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool talks to its terminal")]
#![expect(clippy::float_arithmetic, reason = "a benchmark tells rates and ratios")]
#![expect(clippy::cast_precision_loss, reason = "what is counted here is far below 2^52")]

mod check;
mod clock;
mod http;
mod limits;
mod load;
mod options;
mod random;
mod report;
mod run;
mod shop;
mod usage;
mod work;

use std::process::ExitCode;

use clap::Parser as _;

use crate::options::Options;

fn main() -> ExitCode {
    let options = Options::parse();
    let outcome = match &options.bare_answer {
        Some(file) => limits::serve(file),
        None => run::run(&options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
