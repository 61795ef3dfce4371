//! The steps of continuous integration, in order. `.ci/run` prepares a machine and then runs them.

mod readme;
mod step;

use anyhow::Result;

use self::step::Step;
use crate::program::succeeds;
use crate::workspace::Workspace;
use crate::{check_deploy, check_deps, check_docs, check_packages, erd, generated_requests, openapi};

/// What the READMEs show as the one command to test.
const TEST_COMMAND: &str = "cargo test --workspace --locked";

/// Runs the steps up to the first that fails.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let cargo = |arguments: &[&str]| workspace.cargo(arguments);
    let test_arguments: Vec<&str> = TEST_COMMAND.split(' ').skip(1).collect();
    let mut documentation = cargo(&["doc", "--workspace", "--no-deps", "--locked"]);
    documentation.env("RUSTDOCFLAGS", "-D warnings");
    // Of the whole workspace, so that nothing is built anew for it.
    let model = "a_shop_does_what_the_model_foresees";
    let mut sequences = cargo(&["test", "--workspace", "--locked", "--test", "conformance", model]);
    sequences.env("PROPTEST_CASES", "10000");

    step::run_all(vec![
        Step::cargo("formatting", cargo(&["fmt", "--all", "--check"])),
        Step::cargo(
            "clippy",
            cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]),
        ),
        Step::task("tests, by the command that the READMEs show", TEST_COMMAND, || {
            readme::shows_the_test_command(workspace, TEST_COMMAND)?;
            succeeds(&mut cargo(&test_arguments))
        }),
        Step::cargo("10,000 random sequences in memory", sequences),
        Step::cargo("documentation", documentation),
        Step::cargo(
            "licences, bans and sources",
            // A warning is an exception in deny.toml that nothing needs.
            cargo(&["deny", "--locked", "check", "--deny", "warnings", "licenses", "bans", "sources"]),
        ),
        Step::cargo(
            "licences, bans and sources of the fuzz targets",
            cargo(&[
                "deny",
                "--manifest-path",
                "fuzz/Cargo.toml",
                "--locked",
                "check",
                "--deny",
                "warnings",
                "licenses",
                "bans",
                "sources",
            ]),
        ),
        Step::task("dependency rules and the list of dependencies", "cargo xtask check-deps", || {
            check_deps::run(&workspace.root().join("Cargo.toml"))
        }),
        Step::task("links, decision records and diagrams", "cargo xtask check-docs", || {
            check_docs::run(workspace)
        }),
        Step::task("packages for importers", "cargo xtask check-packages", || {
            check_packages::run(workspace, false)
        }),
        Step::task("freshness of the page about the tables", "cargo xtask erd --check", || {
            erd::check(workspace)
        }),
        Step::task("what is deployed", "cargo xtask check-deploy", || check_deploy::run(workspace)),
        Step::task("freshness of the OpenAPI document", "cargo xtask openapi --check", || {
            openapi::check(workspace)
        }),
        Step::task("generated requests", "cargo xtask generated-requests", || {
            generated_requests::run(workspace, generated_requests::EXAMPLES)
        }),
    ])
}
