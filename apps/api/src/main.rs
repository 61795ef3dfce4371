//! The binary `jangteo`.

use std::process::ExitCode;

fn main() -> ExitCode {
    jangteo_api::run(std::env::args_os())
}
