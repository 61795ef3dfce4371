//! `cargo xtask generated-requests`: requests that are made up from the OpenAPI document, sent to a throw-away shop as
//! nobody, as a customer and as an administrator (ADR-045).

mod schemathesis;
mod shop;
mod tally;

use std::fs;

use anyhow::{Context as _, Result};

use self::schemathesis::Schemathesis;
use self::shop::Shop;
use self::tally::Tally;
use crate::program::succeeds;
use crate::workspace::Workspace;

/// Of the whole workspace, so that it is what tests are run with, and nothing is built anew for it.
const BUILD: [&str; 3] = ["build", "--workspace", "--locked"];

/// Who asks, as `hooks.py` names them.
const ROLES: [&str; 3] = ["nobody", "customer", "administrator"];

/// So many requests are made up for an operation, a role and a way of making them up, at most, unless told: what
/// continuous integration has time for.
pub(crate) const EXAMPLES: u32 = 10;

/// Builds the server, and tests it. Fails if any check of Schemathesis does, or if an operation never succeeded, which
/// would mean that nothing but its refusals was tested.
pub(crate) fn run(workspace: &Workspace, examples: u32) -> Result<()> {
    succeeds(&mut workspace.cargo(&BUILD))?;

    let target = workspace.target_folder()?;
    let folder = target.join("generated-requests");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let schemathesis = Schemathesis::installed(&workspace.root().join("xtask/generated-requests"), &folder)?;
    let shop = Shop::open(&target.join("debug").join("jangteo"), &folder.join("shop"))?;
    let mut tally = Tally::default();
    for role in ROLES {
        println!("\n    as {role}");
        let counted = folder.join(format!("{role}.json"));
        schemathesis.run(&shop, role, examples, &counted)?;
        tally.add(role, &counted)?;
    }
    tally.check()
}
