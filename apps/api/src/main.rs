//! The binary `jangteo`.

use std::process::ExitCode;

/// A request and its part of a set are some hundred short-lived allocations, many of which end on another thread.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    jangteo_api::run(std::env::args_os())
}
